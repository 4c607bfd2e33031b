import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { batchesInEpoch, evalBatches, trainBatches } from '../../runtime/data/batches.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-folder-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

let picture: Buffer
test.before(async () => {
  picture = await sharp({ create: { width: 12, height: 10, channels: 3, background: '#37a' } })
    .png()
    .toBuffer()
})

function folder(name: string, ...files: readonly string[]): string {
  for (const file of files) {
    const path = join(root, name, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, picture)
  }
  return join(root, name)
}

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}/${i}.png`)

test('splits by folder; classes in the order of their names, for all splits alike', async (t) => {
  const path = folder('split', ...numbered('train/b', 3), ...numbered('train/a', 2), ...numbered('valid/b', 1))
  const { classes, splits } = await openDataSet(path, { seed: 1 })
  t.deepEqual(classes, ['a', 'b'])
  t.deepEqual([splits.train.length, splits.val.length, splits.test.length], [5, 1, 0])
  t.is(splits.val[0]?.label, 1)
})

test('without a val folder a fifth of each class is set apart, the same one for the same seed', async (t) => {
  const path = folder('flat', ...numbered('rose', 10), ...numbered('tulip', 20))
  const first = await openDataSet(path, { seed: 1 })
  t.deepEqual([first.splits.train.length, first.splits.val.length], [24, 6])
  t.deepEqual((await openDataSet(path, { seed: 1 })).splits.val, first.splits.val)
  t.notDeepEqual((await openDataSet(path, { seed: 2 })).splits.val, first.splits.val)
  const train = new Set(first.splits.train.map((sample) => sample.path))
  t.false(first.splits.val.some((sample) => train.has(sample.path)))
})

for (const [name, files, code] of [
  ['empty', [], 'data-empty'],
  ['a class that training does not know', ['train/a/0.png', 'val/c/0.png'], 'data-classes'],
  ['two folders for one split', ['train/a/0.png', 'val/a/0.png', 'valid/a/0.png'], 'data-ambiguous'],
] as const)
  test(`${name}: ${code}`, async (t) => {
    const path = folder(name, ...files)
    mkdirSync(path, { recursive: true })
    const error = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
    t.is(error?.problem.code, code)
    t.truthy(error?.problem.help)
  })

test('batches depend on seed and epoch alone, and every picture comes once', async (t) => {
  const { splits } = await openDataSet(
    folder('batches', ...numbered('train/a', 5), ...numbered('train/b', 5), ...numbered('val/a', 1)),
    {
      seed: 1,
    },
  )
  const steps = [
    { name: 'resize', arguments: { size: 8 } },
    { name: 'flip', arguments: { direction: 'horizontal' } },
  ]
  const epoch = async (seed: number, number: number, from = 0) => {
    const batches = []
    for await (const batch of trainBatches(splits.train, { size: 8, steps, batch: 3, seed, epoch: number, from }))
      batches.push(batch)
    return batches
  }
  const first = await epoch(1, 0)
  t.is(first.length, batchesInEpoch(10, 3))
  t.deepEqual(await epoch(1, 0), first)
  t.deepEqual(await epoch(1, 0, first[0]?.position), first.slice(1), 'begun again after the first')
  t.deepEqual(await epoch(1, 0, first.at(-1)?.position), [])
  const order = (batches: typeof first) => batches.flatMap(({ indices }) => [...indices])
  t.is(new Set(order(first)).size, 9)
  t.notDeepEqual(order(await epoch(1, 1)), order(first))
  t.notDeepEqual(order(await epoch(2, 0)), order(first))
  t.true(
    first.every(({ labels, indices }) => [...indices].every((index, i) => splits.train[index]?.label === labels[i])),
  )
  const seen = []
  for await (const { indices, images } of evalBatches(splits.train, { size: 8, steps: steps.slice(0, 1), batch: 4 })) {
    t.is(images.length, indices.length * 8 * 8 * 3)
    seen.push(...indices)
  }
  t.deepEqual(seen, [...splits.train.keys()])
})

test('a broken picture is passed by with a warning, too many are an error', async (t) => {
  const path = folder('broken', ...numbered('train/a', 30), ...numbered('val/a', 1))
  writeFileSync(join(path, 'train/a/7.png'), 'no picture')
  const steps = [{ name: 'resize', arguments: { size: 8 } }]
  const run = async () => {
    const { splits } = await openDataSet(path, { seed: 1 })
    const warnings: string[] = []
    const reporter = { say() {}, progress() {}, warn: (line: string) => warnings.push(line) }
    const seen: number[] = []

    for await (const { indices } of trainBatches(splits.train, {
      size: 8,
      steps,
      batch: 4,
      seed: 1,
      epoch: 0,
      reporter,
    })) {
      seen.push(...indices)
    }
    const broken = splits.train.findIndex((sample) => sample.path.endsWith('/7.png'))
    return { seen, warnings, broken }
  }
  const { seen, warnings, broken } = await run()
  t.false(seen.includes(broken))
  t.true(warnings.some((line) => line.includes('/7.png')))
  for (let i = 0; i < 30; i += 2) writeFileSync(join(path, `train/a/${i}.png`), 'no picture')
  const error = await t.throwsAsync(run(), { instanceOf: Failure })
  t.is(error?.problem.code, 'pictures-unreadable')
})
