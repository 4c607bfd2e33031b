import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import test from 'ava'
import { evalBatches, trainBatches } from '../../runtime/data/batches.js'
import { batchesInEpoch } from '../../runtime/data/epoch_order.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { sharp } from '../support/sharp.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-folder-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

let image: Buffer
test.before(async () => {
  image = await sharp({ create: { width: 12, height: 10, channels: 3, background: '#37a' } })
    .png()
    .toBuffer()
})

function folder(name: string, ...files: readonly string[]): string {
  for (const file of files) {
    const path = join(root, name, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, image)
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

test('without a val folder a fifth of each class is held out, the same one for the same seed', async (t) => {
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

test('what is left out is reported: folders beside the splits, empty classes and splits, images outside a class, other files', async (t) => {
  const path = folder('left out', ...numbered('train/a', 2), 'train/loose.png', 'train/.hidden/0.png', 'more/a/0.png')
  for (const empty of ['train/none', 'val']) mkdirSync(join(path, empty), { recursive: true })
  for (const other of ['train/a/notes.txt', 'train/a/README', 'train/none/notes.txt'])
    writeFileSync(join(path, other), 'text')
  const { splits, notes } = await openDataSet(path, { seed: 1 })
  t.is(splits.train.length + splits.val.length, 2)
  t.deepEqual(notes.slice(1, -1), [
    'left out folders beside the splits: "more"',
    'train: left out, as no images are in "none"',
    'train: left out 1 image outside a class folder',
    'val: it holds no images in class folders',
    'left out files that are no images: 1 without extension, 2 .txt',
  ])
})

test('a folder without images: what lies there instead', async (t) => {
  const path = folder('no images')
  mkdirSync(join(path, 'a'), { recursive: true })
  writeFileSync(join(path, 'a', 'notes.txt'), 'text')
  const error = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
  t.is(error?.problem.code, 'data-empty')
  t.regex(error?.message ?? '', /it holds 1 folder \("a"\) and 0 files; left out files that are no images: 1 \.txt$/)
})

test('a folder that is not there', async (t) => {
  const error = await t.throwsAsync(openDataSet(join(root, 'nowhere'), { seed: 1 }), { instanceOf: Failure })
  t.is(error?.problem.code, 'data-unreadable')
  t.regex(error?.message ?? '', /nowhere.*no such file/)
})

test('links to images and folders are followed, one to nowhere and a circle are not', async (t) => {
  const path = folder('links', ...numbered('train/a/below', 2), ...numbered('val/a', 1))
  const elsewhere = folder('elsewhere', '0.png', 'b/0.png')
  symlinkSync(join(elsewhere, '0.png'), join(path, 'train', 'a', 'linked.png'))
  symlinkSync(join(elsewhere, 'b'), join(path, 'train', 'b'))
  symlinkSync(join(path, 'nothing.png'), join(path, 'train', 'a', 'broken.png'))
  symlinkSync(join(path, 'train', 'a'), join(path, 'train', 'a', 'below', 'above'))
  const { splits } = await openDataSet(path, { seed: 1 })
  t.deepEqual(
    splits.train.map((sample) => relative(join(path, 'train'), sample.path)),
    ['a/linked.png', 'a/below/0.png', 'a/below/1.png', 'b/0.png'],
  )
})

const box = 'path,y1,x1,y2,x2,part_y1,part_x1,part_y2,part_x2\n'
for (const [name, lines, code, says] of [
  ['no path', '"",0,0,1,1,,,,\n', 'boxes-broken', /boxes\.csv, line 2: no path/],
  ['no box', 'train/a/0.png,,,,,,,,\n', 'boxes-broken', /line 2: no box/],
  ['a side over 1', 'train/a/0.png,0,0,1,20,,,,\n', 'boxes-broken', /line 2: x2 is "20", not a number from 0 to 1/],
  [
    'an empty box',
    'train/a/0.png,0.5,0,0.5,1,,,,\n',
    'boxes-broken',
    /line 2: the box from \(0.5, 0\) to \(0.5, 1\) is empty/,
  ],
  [
    'an empty part',
    'train/a/0.png,0,0,1,1,0,1,1,0\n',
    'boxes-broken',
    /line 2: the part from \(0, 1\) to \(1, 0\) is empty/,
  ],
  ['half a part', 'train/a/0.png,0,0,1,1,0,0,1,\n', 'boxes-broken', /line 2: part_x2 is ""/],
  ['a short line', 'train/a/0.png\n', 'csv-broken', /line 2: 1 fields where the first line has 9/],
] as const)
  test(`boxes.csv with ${name}: ${code}`, async (t) => {
    const path = folder(`boxes ${name}`, ...numbered('train/a', 1))
    writeFileSync(join(path, 'boxes.csv'), box + lines)
    const error = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
    t.is(error?.problem.code, code)
    t.regex(error?.message ?? '', says)
  })

test('boxes.csv that is a folder: boxes-broken', async (t) => {
  const path = folder('boxes folder', ...numbered('train/a', 1))
  mkdirSync(join(path, 'boxes.csv'))
  const error = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
  t.is(error?.problem.code, 'boxes-broken')
  t.regex(error?.message ?? '', /cannot read .*boxes\.csv/)
})

test('boxes.csv may lack images and name others; columns of parts may be missing', async (t) => {
  const path = folder('boxes some', ...numbered('train/a', 3))
  writeFileSync(join(path, 'boxes.csv'), 'path,y1,x1,y2,x2\ntrain/a/1.png,0,0.25,1,0.75\ntrain/a/gone.png,0,0,1,1\n')
  const { splits, notes } = await openDataSet(path, { seed: 1 })
  const truths = [...splits.train, ...splits.val].flatMap(({ truth }) => truth ?? [])
  t.deepEqual(truths, [{ unit: 'fractions', box: { y1: 0, x1: 0.25, y2: 1, x2: 0.75 } }])
  t.true(notes.includes('boxes.csv gives the true box of 1 of 3 images; 1 line of it name no image here'))
  writeFileSync(join(path, 'boxes.csv'), '')
  t.deepEqual(
    (await openDataSet(path, { seed: 1 })).splits.train.filter(({ truth }) => truth),
    [],
  )
})

test('batches depend on seed and epoch alone, and every image comes once', async (t) => {
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
  const source = new ImageSource({ reporter: silent })
  const epoch = async (seed: number, number: number, from = 0) => {
    const batches = []
    for await (const batch of trainBatches(splits.train, {
      size: 8,
      steps,
      batch: 3,
      images: source,
      seed,
      epoch: number,
      from,
    }))
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
  for await (const { indices, images } of evalBatches(splits.train, {
    size: 8,
    steps: steps.slice(0, 1),
    batch: 4,
    images: source,
  })) {
    t.is(images.length, indices.length * 8 * 8 * 3)
    seen.push(...indices)
  }
  t.deepEqual(seen, [...splits.train.keys()])
})

test('a broken image is passed by with a warning, too many are an error', async (t) => {
  const path = folder('broken', ...numbered('train/a', 30), ...numbered('val/a', 1))
  writeFileSync(join(path, 'train/a/7.png'), 'no image')
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
      images: new ImageSource({ reporter, cacheBytes: 0 }),
    })) {
      seen.push(...indices)
    }
    const broken = splits.train.findIndex((sample) => sample.path.endsWith('/7.png'))
    return { seen, warnings, broken }
  }
  const { seen, warnings, broken } = await run()
  t.false(seen.includes(broken))
  t.true(warnings.some((line) => line.includes('/7.png')))
  for (let i = 0; i < 30; i += 2) writeFileSync(join(path, `train/a/${i}.png`), 'no image')
  const error = await t.throwsAsync(run(), { instanceOf: Failure })
  t.is(error?.problem.code, 'images-unreadable')
})
