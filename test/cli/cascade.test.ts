import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-cascade-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const exported = z.object({
  cascade: z.object({
    sure: z.number(),
    images: z.number(),
    early: z.number(),
    top1: z.number(),
    top1Both: z.number(),
  }),
})
const evaluation = z.object({ top1: z.record(z.string(), z.number()), early: z.number().optional() })
const evaluated = (...args: readonly string[]) => evaluation.parse(json(wsban('evaluate', ...args, '--json')))

const tiny = readFileSync(join(packageRoot(), 'models', 'wsban_tiny.wsban'), 'utf8')
const answer = 'cascade(softmax(master.logits), mean(softmax(master.logits), softmax(part.logits)), sure = 20%)'

test.serial('export finds the threshold of a cascade, which verify and evaluate use', async (t) => {
  writeFileSync(
    join(folder, 'cascade.wsban'),
    tiny.replace(/predict probabilities = .*/, `predict probabilities = ${answer}`),
  )
  t.is(wsban('data', 'sample', '-o', 'birds', '--quiet').status, 0)
  const settings = ['--epochs', '1', '--set', 'size=32']
  t.is(wsban('train', 'cascade.wsban', '--data', 'birds', '-o', 'run', ...settings).status, 0)

  const tuned = wsban('export', 'run', '-o', 'birds.onnx', '--data', 'birds', '--cascade', '1', '--json')
  t.is(tuned.status, 0, tuned.err)
  const { cascade } = exported.parse(json(tuned))
  t.is(cascade.images, 160)
  t.true(cascade.top1 >= cascade.top1Both - 0.01 - 1e-9)

  const checked = wsban('verify', 'birds.onnx', '--against', 'run', '--data', 'birds')
  t.is(checked.status, 0, checked.err)
  const byFile = evaluated('birds.onnx', '--data', 'birds')
  t.is(byFile.early, cascade.early)
  t.true(Math.abs((byFile.top1.joint ?? Number.NaN) - cascade.top1) < 1e-9)

  const byRun = evaluated('run')
  t.true((byRun.early ?? 0) > 0, 'the run has the threshold of the spec')
  t.regex(wsban('evaluate', 'run').out, /cascade: [\d.]+ % of the images keep the first prediction/)
})

test.serial('exporting a model without a cascade says what to write in its spec', (t) => {
  writeFileSync(join(folder, 'plain.wsban'), tiny)
  t.is(wsban('train', 'plain.wsban', '--data', 'birds', '-o', 'plain', '--epochs', '1', '--set', 'size=32').status, 0)
  const refused = wsban('export', 'plain', '-o', 'plain.onnx', '--data', 'birds', '--cascade', '0.1')
  t.is(refused.status, 1)
  t.regex(refused.err, /cascade\(/)
})
