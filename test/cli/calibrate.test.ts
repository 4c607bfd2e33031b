import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { answerCalibration } from '../../runtime/runs/answer_calibration_schema.js'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-calibrate-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const stored = join(folder, 'run', 'calibration.json')
const evaluation = z.object({
  top1: z.record(z.string(), z.number()),
  calibrationError: z.number(),
  unknownClasses: z.object({ images: z.number(), auroc: z.number(), knownKept: z.number().optional() }).optional(),
})
const evaluated = (...args: readonly string[]) => evaluation.parse(json(wsban('evaluate', ...args, '--json')))

test.serial('training measures a calibration, which run, exported file and report use', async (t) => {
  t.is(wsban('data', 'sample', '-o', 'birds', '--quiet').status, 0)
  const trained = wsban('train', 'wsban_tiny', '--data', 'birds', '-o', 'run', '--epochs', '1', '--set', 'size=32')
  t.is(trained.status, 0, trained.err)
  t.regex(trained.err, /calibrated: temperature/)
  const calibration = answerCalibration.parse(JSON.parse(readFileSync(stored, 'utf8')))
  t.is(calibration.images, 160)

  t.is(wsban('export', 'run', '-o', 'birds.onnx').status, 0)
  const metadata = await readOnnxMetadata(join(folder, 'birds.onnx'))
  t.deepEqual(answerCalibration.parse(JSON.parse(metadata.calibration ?? '')), calibration)
  t.is(wsban('verify', 'birds.onnx', '--against', 'run').status, 0, 'the graph computes what the model computes')

  const [byRun, byFile] = [evaluated('run', '--unknown', 'birds/train'), evaluated('birds.onnx', '--data', 'birds')]
  t.deepEqual(byRun.top1, byFile.top1)
  t.true(Math.abs(byRun.calibrationError - byFile.calibrationError) < 1e-6)
  t.is(byRun.unknownClasses?.images, 480)
  t.true((byRun.unknownClasses?.knownKept ?? 0) >= 0.95)

  const predicted = z
    .object({
      predictions: z.array(z.object({ known: z.boolean(), classes: z.array(z.object({ probability: z.number() })) })),
    })
    .parse(json(wsban('predict', 'birds.onnx', join('birds', 'val'), '--json'))).predictions
  for (const { known, classes } of predicted) t.is(known, (classes[0]?.probability ?? 0) >= calibration.threshold)
  t.true(predicted.filter(({ known }) => known).length >= 0.95 * predicted.length)

  t.is(wsban('report', 'run').status, 0)
  t.regex(readFileSync(join(folder, 'run', 'report.html'), 'utf8'), /may show none of the classes/)
})

test.serial('a calibration holds for the checkpoint that it was measured on, and a changed file is refused', (t) => {
  const text = readFileSync(stored, 'utf8')
  writeFileSync(stored, text.replace(/"checkpoint": "[^"]*"/, '"checkpoint": "epoch-9999"'))
  const raw = evaluated('run')
  t.is(wsban('calibrate', 'run').status, 0)
  t.is(readFileSync(stored, 'utf8'), text, 'measured again it is the same')
  t.not(evaluated('run').calibrationError, raw.calibrationError)
  writeFileSync(stored, '{"temperature": -1}')
  const refused = wsban('evaluate', 'run')
  t.is(refused.status, 1)
  t.regex(refused.err, /calibration\.json was changed[\s\S]*wsban calibrate run/)
  t.is(wsban('calibrate', 'run').status, 0, 'it is measured anew')
})
