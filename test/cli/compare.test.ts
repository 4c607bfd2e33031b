import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { holmCorrection } from '../../runtime/inference/holm.js'
import { json, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-compare-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const paired = z.object({
  onlyFirst: z.number(),
  onlySecond: z.number(),
  difference: z.number(),
  interval: z.array(z.number()),
  pValue: z.number(),
})
const comparison = z.object({
  split: z.string(),
  images: z.number(),
  models: z.array(
    z.object({
      run: z.string(),
      model: z.string(),
      backbones: z.array(z.string()),
      top1: z.record(z.string(), z.number()),
      interval: z.tuple([z.number(), z.number()]),
      calibrationError: z.number(),
      parameters: z.number(),
      multiplyAdds: z.number(),
      bytes: z.number(),
      epochs: z.number().optional(),
      trainingSeconds: z.number().optional(),
      millisecondsPerImage: z.number(),
    }),
  ),
  best: z.record(z.string(), z.array(z.string())),
  pairs: z.array(
    paired.extend({
      first: z.string(),
      second: z.string(),
      correctedPValue: z.number(),
      beyondChance: z.boolean(),
    }),
  ),
  warnings: z.array(z.string()),
})
const compared = (...args: readonly string[]) => comparison.parse(json(wsban('compare', ...args, '--json')))

function train(model: string, run: string, ...more: readonly string[]) {
  const size = ['--set', 'size=32', '--epochs', '1', '--batch', '4']
  return wsban('train', model, '--data', 'flat', '-o', run, ...size, ...more)
}

test.before(async (t) => {
  await drawShapes(join(folder, 'shapes'))
  // Without splits, so that the seed holds out the validation split.
  cpSync(join(folder, 'shapes', 'train'), join(folder, 'flat'), { recursive: true })
  for (const trained of [
    train('wsban_tiny', 'attention'),
    train('baseline_tiny', 'plain', '--train', 'optimizer.rate=0.2'),
    train('wsban_tiny', 'seed2', '--seed', '2'),
    wsban('export', 'attention', '-o', 'attention.onnx'),
  ])
    t.is(trained.status, 0, trained.err)
})

test('runs and exported files are measured as evaluate does, and every pair is tested', (t) => {
  const found = compared('attention', 'plain', 'attention.onnx', '-o', 'page.html')
  t.is(found.split, 'val')
  t.deepEqual(
    found.models.map(({ run, model }) => [run, model]),
    [
      ['attention', 'wsban_tiny'],
      ['plain', 'baseline_tiny'],
      ['attention.onnx', 'wsban_tiny'],
    ],
  )
  const [attention, plain, file] = found.models
  for (const model of found.models) {
    const evaluated = json(wsban('evaluate', model.run, '--data', 'flat', '--json'))
    t.deepEqual(model.top1, evaluated.top1)
    t.is(evaluated.images, found.images)
    t.true(Math.abs(model.calibrationError - Number(evaluated.calibrationError)) < 1e-12)
    t.true(model.interval[0] <= (model.top1.joint ?? -1) && (model.top1.joint ?? 2) <= model.interval[1])
    t.true(model.millisecondsPerImage > 0)
  }
  t.like(attention, { epochs: 1, parameters: file?.parameters, multiplyAdds: file?.multiplyAdds, top1: file?.top1 })
  t.true((attention?.trainingSeconds ?? 0) > 0)
  t.is(file?.epochs, undefined)
  t.is(file?.bytes, statSync(join(folder, 'attention.onnx')).size)
  t.true((plain?.bytes ?? 0) > 4 * (plain?.parameters ?? 0), 'four bytes for each parameter, and their names')

  t.deepEqual(
    found.pairs.map(({ first, second }) => [first, second]),
    [
      ['attention', 'plain'],
      ['attention', 'attention.onnx'],
      ['plain', 'attention.onnx'],
    ],
  )
  const byEvaluate = z
    .object({ compared: paired })
    .parse(json(wsban('evaluate', 'attention', '--compare', 'plain', '--json')))
  t.like(found.pairs[0], byEvaluate.compared)
  t.deepEqual(
    found.pairs.map(({ correctedPValue }) => correctedPValue),
    holmCorrection(found.pairs.map(({ pValue }) => pValue)),
  )
  for (const { beyondChance, correctedPValue } of found.pairs) t.is(beyondChance, correctedPValue < 0.05)
  t.deepEqual(found.warnings, [])

  const page = readFileSync(join(folder, 'page.html'), 'utf8')
  t.notRegex(page, /<script|https?:|<link|@import/)
  t.regex(page, /validation top-1/)
  const shown = found.pairs.reduce((sum, one) => sum + Math.min(4, one.onlyFirst) + Math.min(4, one.onlySecond), 0)
  t.is(page.match(/<img/g)?.length ?? 0, shown)
})

test('the table has a row for each run, and a sentence says what is beyond chance', (t) => {
  const { status, out, err } = wsban('compare', 'attention', 'plain')
  t.is(status, 0, err)
  t.regex(
    out,
    /^run +model +top-1 % +master % +part % +calibration error % +parameters +multiply-adds +MB +epochs +training +ms\/image/,
  )
  t.regex(out, /^attention +wsban_tiny +\d+\.\d \(\d+\.\d to \d+\.\d\)/m)
  t.regex(out, /^plain +baseline_tiny +\d+\.\d \(\d+\.\d to \d+\.\d\)[* ] +- +- /m)
  t.regex(
    out,
    /^(The difference between attention and plain is not|attention is (better|worse) than plain) beyond chance: .*p = /m,
  )
  t.regex(err, /images: flat, as in training/)
})

test('a run whose seed held out other images gets a warning, also on the page', (t) => {
  const found = compared('attention', 'seed2', '-o', 'seeds.html')
  t.is(found.warnings.length, 1)
  t.regex(found.warnings[0] ?? '', /^seed2 was trained with another seed/)
  t.regex(readFileSync(join(folder, 'seeds.html'), 'utf8'), /class="note">seed2 was trained with another seed/)
  t.is(compared('attention', 'seed2', '--split', 'all').warnings.length, 2, 'both were trained on some of all images')
})

test('images that no run was trained on are all evaluated', (t) => {
  const found = compared('attention.onnx', 'plain', '--data', 'shapes')
  t.is(found.split, 'all')
  t.is(found.images, 22)
  t.deepEqual(found.warnings, [])
})

test('images that cannot be read are left out for every model', (t) => {
  cpSync(join(folder, 'shapes', 'val'), join(folder, 'damaged'), { recursive: true })
  const image = join(folder, 'damaged', 'red "disc"', '0.jpg')
  writeFileSync(image, readFileSync(image).subarray(0, 40))
  const request = ['attention', 'plain', '--data', 'damaged', '--split', 'all']
  const refused = wsban('compare', ...request)
  t.is(refused.status, 1)
  t.regex(refused.err, /error\[images-unreadable\]/)
  const document = json(wsban('compare', ...request, '--max-unreadable', '50%', '--json'))
  t.like(document, { images: 5, skipped: 1 })

  for (const [name, kind] of ['red "disc"', 'blue <square>'].flatMap((kind) =>
    [0, 1, 2].map((name) => [name, kind] as const),
  ))
    writeFileSync(join(folder, 'damaged', kind, `${name}.jpg`), 'no image')
  const none = wsban('compare', ...request, '--max-unreadable', '100%')
  t.is(none.status, 1)
  t.regex(none.err, /error\[no-images\]/)
})

test('what cannot be compared is refused before anything is evaluated', (t) => {
  cpSync(join(folder, 'plain'), join(folder, 'other'), { recursive: true })
  const info = join(folder, 'other', 'run.json')
  writeFileSync(info, readFileSync(info, 'utf8').replace('blue <square>', 'green <square>'))
  for (const [words, status, message] of [
    [['attention', 'other'], 1, /error\[classes-do-not-fit\]: attention and other were made for other classes/],
    [['attention'], 2, /error\[wrong-usage\]: one model alone/],
    [['attention', './attention'], 2, /error\[wrong-usage\]: .*named twice/],
    [['attention', 'flat'], 1, /error\[run-unreadable\]/],
    [['attention', 'none.onnx'], 1, /error\[onnx-unreadable\]/],
    [['attention', 'plain', '--data', 'none'], 1, /error\[/],
  ] as const) {
    const result = wsban('compare', ...words, '-o', 'refused.html')
    t.is(result.status, status, result.err)
    t.regex(result.err, message)
    t.false(existsSync(join(folder, 'refused.html')))
    t.notRegex(result.err, /evaluating/)
  }
})
