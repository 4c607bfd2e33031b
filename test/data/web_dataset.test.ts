import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { evalBatches } from '../../runtime/data/batches.js'
import { ImageSource } from '../../runtime/data/image_source.js'
import { inspectData } from '../../runtime/data/inspect/inspect.js'
import { openDataSet } from '../../runtime/data/open.js'
import { decodeSample } from '../../runtime/data/sample_image.js'
import { readTar } from '../../runtime/data/tar.js'
import { Failure } from '../../runtime/failure.js'
import { readImageFile } from '../../runtime/images/image_file.js'
import { silent } from '../../runtime/reporter.js'
import { contents } from '../support/data_folders.js'
import { sharp } from '../support/sharp.js'
import { tarFormats, writeTar } from '../support/tar_files.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-shards-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

/** A JPEG of one colour. */
const image = (red: number) =>
  sharp({ create: { width: 40, height: 20, channels: 3, background: { r: red, g: 90, b: 30 } } })
    .jpeg()
    .toBuffer()

for (const format of tarFormats)
  test(`members of an archive in the format ${format}`, async (t) => {
    const long = `${'folder of a long name/'.repeat(format === 'ustar' ? 4 : 12)}0001.jpg`
    const files = {
      'a.jpg': Buffer.from('0123456789'),
      'empty.cls': '',
      'b/ros\u00e9.cls': 'rose',
      [long]: Buffer.alloc(70_000, 7),
      'last.json': '{"label": 3}',
    }
    const path = join(root, `${format}.tar`)
    writeTar(path, files, format)
    const members = await readTar(path)
    t.deepEqual(
      members.map(({ name }) => name),
      Object.keys(files),
    )
    for (const { name, offset, length, content } of members) {
      const expected = Buffer.from(files[name as keyof typeof files] ?? '')
      t.deepEqual(Buffer.from(await readImageFile({ file: path, offset, length })), expected, name)
      if (content) t.deepEqual(Buffer.from(content), expected, name)
    }
  })

test('an archive that is cut short, compressed, or no archive', async (t) => {
  const path = join(root, 'whole.tar')
  writeTar(path, { 'a.jpg': Buffer.alloc(3000, 1), 'a.cls': '1' })
  const bytes = readFileSync(path)
  const cases: readonly (readonly [name: string, content: Uint8Array, says: RegExp])[] = [
    ['cut', bytes.subarray(0, 2000), /it ends at byte 2000, within a member/],
    ['compressed', gzipSync(bytes), /compressed/],
    ['other', Buffer.alloc(2048, 'x'), /there is no header at byte 0/],
  ]
  for (const [name, content, says] of cases) {
    writeFileSync(join(root, `${name}.tar`), content)
    const failure = await t.throwsAsync(readTar(join(root, `${name}.tar`)), { instanceOf: Failure })
    t.is(failure?.problem.code, 'tar-broken')
    t.regex(failure?.message ?? '', says)
    t.truthy(failure?.problem.help)
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
      const changed = Buffer.from(bytes)
      changed[at] = value
      writeFileSync(join(root, 'changed.tar'), changed)
      try {
        for (const { offset, length } of await readTar(join(root, 'changed.tar')))
          t.true(offset + length <= bytes.length)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
    }),
    { numRuns: 200 },
  )
})

test('shards of splits: images are read from the archives, the same with and without worker threads', async (t) => {
  const path = join(root, 'shards')
  const [dark, light] = [await image(20), await image(200)]
  writeTar(join(path, 'train-000000.tar'), { '0001.jpg': dark, '0001.cls': '0', '0002.jpg': light, '0002.cls': '10\n' })
  writeTar(join(path, 'train-000001.tar'), { './x/0003.jpg': light, './x/0003.cls': '2' })
  writeTar(join(path, 'val-000000.tar'), { '0001.jpg': light, '0001.cls': '10', '0005.cls': '2', '0006.jpg': light })
  const data = await openDataSet(path, { seed: 1 })
  t.deepEqual(data.classes, ['0', '2', '10'])
  t.deepEqual(contents(data), {
    train: ['train-000000.tar/0001.jpg 0', 'train-000001.tar/x/0003.jpg 2', 'train-000000.tar/0002.jpg 10'],
    val: ['val-000000.tar/0001.jpg 10'],
    test: [],
  })
  t.regex(data.notes[0] ?? '', /read as WebDataset \(3 archives\)/)
  t.true(data.notes.includes('left out 1 sample without an image'))
  t.true(data.notes.includes('left out 1 image without a class'))
  const reds = await Promise.all(data.splits.train.map(async (sample) => (await decodeSample(sample)).data[0] ?? -1))
  t.deepEqual(
    reds.map((red) => red > 100),
    [false, true, true],
  )

  const steps = [{ name: 'resize', arguments: { size: 8 } }]
  const batches = async (workers: number) => {
    const images = new ImageSource({ reporter: silent, workers })
    const all = []
    for await (const { images: values } of evalBatches(data.splits.train, { size: 8, steps, batch: 3, images }))
      all.push(values)
    await images.close()
    return all
  }
  t.deepEqual(await batches(1), await batches(0))
  const { doubles, unreadable } = await inspectData(data, 0.05, silent)
  t.is(unreadable.length, 0)
  t.true(doubles.some(({ kind }) => kind === 'same'))
})

test('classes are names, numbers with a file of names, fields of JSON, or folders', async (t) => {
  const jpeg = await image(90)
  const kinds: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>> = {
    names: { '1.jpg': jpeg, '1.cls': 'wren', '2.jpg': jpeg, '2.cls': 'tit' },
    numbers: { '1.jpg': jpeg, '1.cls': '1', '2.jpg': jpeg, '2.cls': '0' },
    json: {
      '1.jpg': jpeg,
      '1.json': '{"label": "wren", "bbox": [1, 2, 3, 4], "x1": 4, "y1": 5, "x2": 24, "y2": 15}',
      '1.txt': 'a wren on a wall',
      '2.jpg': jpeg,
      '2.json': '{"label": "tit"}',
    },
    folders: { 'wren/1.jpg': jpeg, 'tit/2.jpg': jpeg },
  }
  for (const [kind, files] of Object.entries(kinds)) {
    const path = join(root, kind)
    writeTar(join(path, 'shard.tar'), files)
    if (kind === 'numbers') writeFileSync(join(path, 'classes.txt'), 'tit\nwren\n')
    const data = await openDataSet(path, { seed: 1 })
    t.deepEqual(data.classes, ['tit', 'wren'], kind)
    const file = await openDataSet(join(path, 'shard.tar'), { seed: 1 })
    t.deepEqual(contents(file).train, contents(data).train)
    if (kind === 'json')
      t.deepEqual(data.splits.train[1]?.truth, { unit: 'pixels', box: { y1: 5, x1: 4, y2: 15, x2: 24 } })
  }
})

test('archives in folders of splits, in one outer folder, and without classes', async (t) => {
  const jpeg = await image(90)
  const sample = { '1.jpg': jpeg, '1.cls': 'wren', '2.jpg': jpeg, '2.cls': 'tit' }
  writeTar(join(root, 'outer', 'data', 'train', '0.tar'), sample)
  writeTar(join(root, 'outer', 'data', 'valid', '0.tar'), sample)
  const { splits } = await openDataSet(join(root, 'outer', 'data'), { seed: 1 })
  t.deepEqual([splits.train.length, splits.val.length], [2, 2])
  mkdirSync(join(root, 'around'))
  writeTar(join(root, 'around', 'inner', '0.tar'), sample)
  t.is((await openDataSet(join(root, 'around'), { seed: 1 })).classes.length, 2)
  writeTar(join(root, 'bare', '0.tar'), { '1.jpg': jpeg })
  const failure = await t.throwsAsync(openDataSet(join(root, 'bare'), { seed: 1 }), { instanceOf: Failure })
  t.is(failure?.problem.code, 'data-empty')
  t.regex(failure?.problem.help ?? '', /NAME\.cls/)
})
