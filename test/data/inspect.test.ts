import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import type { Sharp } from 'sharp'
import { keyOf, Random } from '../../compiler/random.js'
import { alike, groupsOf, MOST_DIFFERENT } from '../../runtime/data/inspect/alike.js'
import type { ImageFacts } from '../../runtime/data/inspect/image_facts.js'
import { inspectData } from '../../runtime/data/inspect/inspect.js'
import { openDataSet } from '../../runtime/data/open.js'
import { silent } from '../../runtime/reporter.js'
import { sharp } from '../support/sharp.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-inspect-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

/** An image of soft blobs, different for each number. */
function blobs(number: number) {
  const random = new Random(keyOf(number, 'blobs'))
  const data = Uint8Array.from({ length: 6 * 6 * 3 }, () => random.integer(256))
  return sharp(data, { raw: { width: 6, height: 6, channels: 3 } }).resize(90, 80, { kernel: 'cubic', fit: 'fill' })
}

async function write(place: string, number: number, change = (image: Sharp) => image): Promise<void> {
  const path = join(root, place)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(
    path,
    await change(sharp(await blobs(number).png().toBuffer()))
      .toFormat(place.endsWith('jpg') ? 'jpeg' : 'png')
      .toBuffer(),
  )
}

test('counts, sizes, unreadable files, and doubles across splits and classes', async (t) => {
  for (let i = 0; i < 12; i++) {
    await write(`d/train/a/${i}.png`, i)
    await write(`d/train/b/${i}.png`, 100 + i)
  }
  await write('d/train/c/0.png', 200)
  await write('d/val/a/new.png', 300)
  await write('d/val/a/same.png', 3)
  // Smaller, darker and compressed further: a different file of the same image.
  await write('d/val/b/alike.jpg', 104, (image) => image.resize(70, 60, { fit: 'fill' }).linear(0.9))
  await write('d/train/b/double.png', 7)
  await write('d/train/b/within.png', 105)
  await write('d/train/b/tiny.png', 301, (image) => image.resize(20, 30, { fit: 'fill' }))
  writeFileSync(join(root, 'd/train/a/broken.png'), 'no image')

  const data = await openDataSet(join(root, 'd'), { seed: 1 })
  const found = await inspectData(data, 0.05, silent)
  t.deepEqual(found.images, { train: 29, val: 3, test: 0 })
  t.deepEqual(found.classes.at(-1), { name: 'c', train: 1, val: 0, test: 0 })
  t.deepEqual(found.sizes, { smallest: [20, 30], median: [90, 80], largest: [90, 80] })
  t.deepEqual(
    found.unreadable.map(({ path, split }) => [path, split]),
    [[join(root, 'd/train/a/broken.png'), 'train']],
  )
  const names = found.doubles.map(({ kind, images }) => [
    kind,
    ...images.map(({ path }) => path.slice(join(root, 'd').length + 1)).sort(),
  ])
  t.deepEqual(names.sort(), [
    ['alike', 'train/b/4.png', 'val/b/alike.jpg'],
    ['same', 'train/a/3.png', 'val/a/same.png'],
    ['same', 'train/a/7.png', 'train/b/double.png'],
    ['same', 'train/b/5.png', 'train/b/within.png'],
  ])
  t.deepEqual(
    found.findings.map(({ severity, code }) => `${severity} ${code}`),
    [
      'warning unreadable',
      'error same-across-splits',
      'warning alike-across-splits',
      'error same-in-classes',
      'warning double-within-split',
      'warning few-images',
      'warning uneven-classes',
      'warning no-val-images',
      'warning small-images',
    ],
  )
  t.true(found.findings.every(({ help }) => help.length > 0))
  const strict = await inspectData(data, 0.01, silent)
  t.is(strict.findings[0]?.severity, 'error')
})

test('nothing is wrong with a sound set', async (t) => {
  for (let i = 0; i < 10; i++)
    for (const [place, of] of [
      ['train', 400],
      ['val', 500],
    ] as const) {
      await write(`sound/${place}/a/${i}.png`, of + i)
      await write(`sound/${place}/b/${i}.png`, of + 50 + i)
    }
  const { findings, doubles } = await inspectData(await openDataSet(join(root, 'sound'), { seed: 1 }), 0.05, silent)
  t.deepEqual([findings, doubles], [[], []])
})

test('one class, two classes that share an image by its look, files that went, and no readable image at all', async (t) => {
  for (let i = 0; i < 10; i++) await write(`one/a/${i}.png`, 600 + i)
  const one = await openDataSet(join(root, 'one'), { seed: 1 })
  t.deepEqual(
    (await inspectData(one, 0.05, silent)).findings.map(({ severity, code }) => `${severity} ${code}`),
    ['error one-class', 'warning few-images'],
  )
  for (let i = 0; i < 10; i++) rmSync(join(root, 'one', 'a', `${i}.png`))
  const gone = await inspectData(one, 0.05, silent)
  t.is(gone.sizes, undefined)
  t.is(gone.unreadable.length, 10)
  t.true(gone.unreadable.every(({ reason }) => reason.includes('no such file')))

  await write('two/train/a/0.png', 700)
  await write('two/train/b/0.jpg', 700, (image) => image.resize(70, 60, { fit: 'fill' }).linear(0.9))
  const two = await inspectData(await openDataSet(join(root, 'two'), { seed: 1 }), 0.05, silent)
  t.true(two.findings.some(({ severity, code }) => severity === 'warning' && code === 'alike-in-classes'))
})

test('looks are compared as if each was with each', (t) => {
  const seen = (look: readonly number[], index: number): ImageFacts => ({
    sample: { path: String(index), label: 0 },
    split: 'train',
    width: 1,
    height: 1,
    content: String(index),
    look: Uint16Array.from(look),
  })
  const row = fc.integer({ min: 1, max: 0xfffe })
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 16, maxLength: 16 }),
      fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 24 }), { minLength: 2, maxLength: 8 }),
      (look, changes) => {
        const looks = changes.map((bits) => {
          const changed = [...look]
          for (const bit of bits) changed[bit >> 4] = (changed[bit >> 4] ?? 0) ^ (1 << (bit & 15))
          return changed
        })
        const ones = (values: readonly number[]) =>
          values.map((value) => value.toString(2).replaceAll('0', '').length).reduce((sum, n) => sum + n, 0)
        const different = (a: readonly number[], b: readonly number[]) => ones(a.map((value, y) => value ^ (b[y] ?? 0)))
        const wanted = looks.flatMap((a, i) =>
          looks.flatMap((b, j) =>
            j > i && different(a, b) <= MOST_DIFFERENT && [a, b].every((l) => ones(l) >= 32 && ones(l) <= 224)
              ? [`${i} ${j}`]
              : [],
          ),
        )
        const found = alike(looks.map(seen)).map(([a, b]) => `${a.sample.path} ${b.sample.path}`)
        t.deepEqual(found.sort(), wanted.sort())
      },
    ),
  )
})

test('pairs are joined to groups', (t) => {
  t.deepEqual(groupsOf([]), [])
  t.deepEqual(
    groupsOf([
      [1, 2],
      [3, 4],
      [2, 5],
      [4, 3],
      [5, 3],
      [7, 8],
    ]),
    [
      [1, 2, 5, 3, 4],
      [7, 8],
    ],
  )
})
