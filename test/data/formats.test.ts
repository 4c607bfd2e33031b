import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import sharp from 'sharp'
import { evalBatches } from '../../runtime/data/batches.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import { openDataSet } from '../../runtime/data/open.js'
import { placesOn } from '../../runtime/data/truth.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package-root.js'
import { cells, matFile, numbers, structs, text } from '../support/mat5.js'

const root = mkdtempSync(join(tmpdir(), 'wsban-formats-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

let image: Buffer
test.before(async () => {
  image = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#37a' } })
    .jpeg()
    .toBuffer()
})

let made = 0
type Files = Readonly<Record<string, string | Buffer | null>>

/** A data set of these files; those without content are images of 40 x 20. */
function folder(files: Files): string {
  const path = join(root, String(made++))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content ?? image)
  }
  return path
}

/** Returns the paths and classes of a data set by split. */
function contents({ root: from, classes, splits }: DataSet) {
  return Object.fromEntries(
    Object.entries(splits).map(([split, samples]) => [
      split,
      samples.map(({ path, label }) => `${relative(from, path)} ${classes[label]}`),
    ]),
  )
}

const cub = {
  'images/001.Albatross/a.jpg': null,
  'images/001.Albatross/b.jpg': null,
  'images/002.Auklet/c.jpg': null,
  'images/002.Auklet/d.jpg': null,
  'images.txt': '1 001.Albatross/a.jpg\n2 001.Albatross/b.jpg\n3 002.Auklet/c.jpg\n4 002.Auklet/d.jpg\n',
  'image_class_labels.txt': '1 1\n2 1\n3 2\n4 2\n',
  'classes.txt': '1 001.Albatross\n2 002.Auklet\n3 003.Bunting\n',
  'train_test_split.txt': '1 1\n2 1\n3 1\n4 0\n',
  'bounding_boxes.txt': '1 10.0 5.0 20.0 10.0\n2 0 0 40 20\n3 0 0 40 20\n4 10.0 5.0 20.0 10.0\n',
  'parts/parts.txt': '1 back\n2 left eye\n',
  'parts/part_locs.txt': '4 1 20.0 10.0 1\n4 2 0.0 0.0 0\n',
}

test('CUB-200-2011: its own split, boxes and the parts that are seen; val is held out from train', async (t) => {
  const data = await openDataSet(folder(cub), { seed: 1 })
  t.deepEqual(data.classes, ['001.Albatross', '002.Auklet'])
  const { train, val, test: held } = data.splits
  t.deepEqual([train.length, val.length, held.length], [2, 1, 1])
  const truth = held[0]?.truth
  t.deepEqual(placesOn(truth, { width: 40, height: 20 }), {
    box: { y1: 0.25, x1: 0.25, y2: 0.75, x2: 0.75 },
    points: [{ name: 'back', y: 0.5, x: 0.5 }],
  })
  t.regex(data.notes[0] ?? '', /CUB-200-2011/)
  t.true(data.notes.some((note) => note.startsWith('no val split: 20 % of each class held out from train')))
  t.true(data.notes.some((note) => note.includes('1 class without images')))
})

test('CUB in the folder that its archive makes', async (t) => {
  const path = folder(Object.fromEntries(Object.entries(cub).map(([name, text]) => [`CUB_200_2011/${name}`, text])))
  t.is((await openDataSet(path, { seed: 1 })).splits.test.length, 1)
})

const aircraft = {
  'data/images/0034309.jpg': null,
  'data/images/0034958.jpg': null,
  'data/images/1025794.jpg': null,
  'data/images_variant_train.txt': '0034309 707-320\n',
  'data/images_variant_val.txt': '0034958 707-320\n',
  'data/images_variant_trainval.txt': '0034309 707-320\n0034958 707-320\n',
  'data/images_variant_test.txt': '1025794 707-320\n',
  'data/variants.txt': '707-320\n',
  'data/images_box.txt': '0034309 1 1 40 20\n1025794 11 6 30 15\n',
}

test('FGVC-Aircraft: its own three splits, boxes counted from 1', async (t) => {
  const data = await openDataSet(folder(aircraft), { seed: 1 })
  t.deepEqual(contents(data), {
    train: ['data/images/0034309.jpg 707-320'],
    val: ['data/images/0034958.jpg 707-320'],
    test: ['data/images/1025794.jpg 707-320'],
  })
  const box = (truth: DataSet['splits']['test'][0]['truth']) => placesOn(truth, { width: 40, height: 20 })?.box
  t.deepEqual(box(data.splits.train[0]?.truth), { y1: 0, x1: 0, y2: 1, x2: 1 })
  t.deepEqual(box(data.splits.test[0]?.truth), { y1: 0.25, x1: 0.25, y2: 0.75, x2: 0.75 })
  t.is(data.splits.val[0]?.truth, undefined)
})

const fixture = (name: string) => join(packageRoot(), 'test/data/fixtures', name)
const carNames = ['AM General Hummer SUV 2000', 'Ram C/V Cargo Van, <b>Minivan</b> 2012', 'Škoda Octavia 2011']

test('Stanford Cars, a MATLAB file a split; names with commas and markup are names', async (t) => {
  const path = folder({
    'cars_train/00001.jpg': null,
    'cars_train/00002.jpg': null,
    'cars_train/00003.jpg': null,
    'cars_test/00001.jpg': null,
  })
  for (const name of ['cars_train_annos.mat', 'cars_meta.mat']) cpSync(fixture(name), join(path, 'devkit', name))
  cpSync(fixture('cars_test_annos_withlabels.mat'), join(path, 'cars_test_annos_withlabels.mat'))
  const data = await openDataSet(path, { seed: 1 })
  t.deepEqual(data.classes, carNames)
  t.deepEqual(contents(data), {
    train: [
      `cars_train/00001.jpg ${carNames[0]}`,
      `cars_train/00003.jpg ${carNames[1]}`,
      `cars_train/00002.jpg ${carNames[2]}`,
    ],
    val: [],
    test: [`cars_test/00001.jpg ${carNames[1]}`],
  })
  t.deepEqual(placesOn(data.splits.train[1]?.truth, { width: 40, height: 20 })?.box, {
    y1: 0.25,
    x1: 0.25,
    y2: 0.75,
    x2: 0.75,
  })
})

test('Stanford Cars in one file', async (t) => {
  const path = folder(Object.fromEntries([1, 2, 3, 4].map((i) => [`car_ims/00000${i}.jpg`, null])))
  cpSync(fixture('cars_annos.mat'), join(path, 'cars_annos.mat'))
  const { splits } = await openDataSet(path, { seed: 1 })
  t.deepEqual([splits.train.length, splits.val.length, splits.test.length], [3, 0, 1])
})

test('Stanford Cars without the classes of its test images, and with its folders twice', async (t) => {
  const path = folder({ ...car({}), 'cars_train/cars_train/1.jpg': null, 'cars_test_annos.mat': '' })
  const { splits, notes } = await openDataSet(path, { seed: 1 })
  t.deepEqual(
    splits.train.map((sample) => relative(path, sample.path)),
    ['cars_train/cars_train/1.jpg'],
  )
  t.true(notes.some((note) => note.startsWith('left out the test images')))
})

/** Stanford Cars of one image, with these fields changed. */
function car(fields: Readonly<Record<string, Buffer>>, classes: Buffer = cells('class_names', text('', 'Audi'))) {
  const sides = { bbox_x1: 1, bbox_y1: 1, bbox_x2: 40, bbox_y2: 20, class: 1 }
  const given = Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, numbers('', side)]))
  return {
    'cars_train/1.jpg': null,
    'cars_meta.mat': matFile(classes),
    'cars_train_annos.mat': matFile(structs('annotations', { ...given, fname: text('', '1.jpg'), ...fields })),
  }
}

test('CUB without its optional files: everything is to train on, and no boxes', async (t) => {
  const { 'train_test_split.txt': _, 'bounding_boxes.txt': __, 'parts/parts.txt': ___, ...bare } = cub
  const { splits } = await openDataSet(folder(bare), { seed: 1 })
  t.deepEqual([splits.train.length, splits.val.length, splits.test.length], [2, 2, 0])
  const truths = [...splits.train, ...splits.val].flatMap(({ truth }) => (truth ? [truth] : []))
  t.deepEqual(
    truths,
    [{ unit: 'stored pixels', points: [{ name: '1', y: 10, x: 20 }] }],
    'parts without names go by their numbers',
  )
})

test('FGVC-Aircraft of train and test alone, without variants and boxes', async (t) => {
  const wantedFiles = ['0034309.jpg', '0034958.jpg', '1025794.jpg', 'trainval.txt', 'variant_test.txt']
  const bare = Object.entries(aircraft).filter(([name]) => wantedFiles.some((end) => name.endsWith(end)))
  const data = await openDataSet(folder(Object.fromEntries(bare)), { seed: 1 })
  t.deepEqual([data.splits.train.length, data.splits.val.length, data.splits.test.length], [1, 1, 1])
  t.regex(data.notes[0] ?? '', /\(images_variant_trainval\.txt, images_variant_test\.txt\)/)
  t.deepEqual(data.classes, ['707-320'])
})

const images = { 'a.jpg': null, 'images/b.jpg': null, 'c d.jpg': null, 'e.jpg': null }
const wanted = {
  train: ['a.jpg <i>red</i>, small', 'images/b.jpg blue'],
  val: ['e.jpg blue'],
  test: ['c d.jpg blue'],
}
const lists: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a CSV list with a byte order mark, CRLF and quotes': {
    'labels.csv':
      '\uFEFFpath,label,split\r\na.jpg,"<i>red</i>, small",train\r\nb.jpg,blue,train\r\nc d.jpg,blue,test\r\ne.jpg,blue,valid\r\n',
  },
  'a JSON list': {
    'labels.json': JSON.stringify([
      { file_name: 'a.jpg', label: '<i>red</i>, small', split: 'train', tags: ['x'] },
      { file_name: 'images/b.jpg', label: 'blue', split: 'train' },
      { file_name: 'c d.jpg', label: 'blue', split: 'test' },
      { file_name: 'e.jpg', label: 'blue', split: 'val' },
    ]),
    'package.json': '{ "name": "something else" }',
  },
  'JSON Lines': {
    'labels.jsonl':
      '{"path":"a.jpg","class":"<i>red</i>, small","split":"train"}\n\n{"path":"b.jpg","class":"blue","split":"training"}\n{"path":"c d.jpg","class":"blue","split":"Test"}\n{"path":"e.jpg","class":"blue","split":"dev"}\n',
  },
  'a list a split, beside tables of something else': {
    'train.csv': 'Image,Class\na.jpg,"<i>red</i>, small"\nb.jpg,blue\n',
    'val.csv': 'Image,Class\ne.jpg,blue\n',
    'test.csv': 'Image,Class\nc d.jpg,blue\n',
    'notes.csv': 'who,when\nsomebody,"open\n',
  },
}
for (const [name, files] of Object.entries(lists))
  test(name, async (t) => {
    const data = await openDataSet(folder({ ...images, ...files }), { seed: 1 })
    t.deepEqual(data.classes, ['<i>red</i>, small', 'blue'])
    t.deepEqual(contents(data), wanted)
  })

test('a list that is named, with classes that are numbers in their own order', async (t) => {
  const names = Array.from({ length: 12 }, (_, i) => `${i}.jpg`)
  const path = folder({
    ...Object.fromEntries(names.map((name) => [name, null])),
    'labels.csv': `path,label\n${names.map((name, i) => `${name},${i}`).join('\n')}`,
    'other.csv': 'path,label\n0.jpg,x\n',
  })
  const data = await openDataSet(join(path, 'labels.csv'), { seed: 1 })
  t.deepEqual(
    data.classes,
    names.map((_, i) => String(i)),
  )
  const several = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
  t.is(several?.problem.code, 'data-ambiguous')
})

test('boxes in pixels or fractions, corners or sizes, are one place; others have none', async (t) => {
  const lists = [
    'path,label,xmin,ymin,xmax,ymax\na.jpg,x,10,5,30,15\ne.jpg,x,,,,\n',
    'path,label,x1,y1,x2,y2\na.jpg,x,0.25,0.25,0.75,0.75\ne.jpg,x,,,,\n',
    'path,label,x,y,width,height\na.jpg,x,10,5,20,10\ne.jpg,x,,,,\n',
    // The Stanford Cars list that goes round.
    'relative_im_path,class,bbox_x1,bbox_y1,bbox_x2,bbox_y2,test\na.jpg,x,10,5,30,15,0\ne.jpg,x,,,,,0\n',
  ]
  for (const list of lists) {
    const { splits } = await openDataSet(folder({ 'a.jpg': null, 'e.jpg': null, 'l.csv': list }), { seed: 1 })
    const samples = [...splits.train, ...splits.val].sort((a, b) => (a.path < b.path ? -1 : 1))
    const found = []
    for await (const { places } of evalBatches(samples, {
      size: 8,
      steps: [{ name: 'resize', arguments: { size: 8 } }],
      batch: 2,
    }))
      found.push(...places)
    t.deepEqual(
      found.map((places) => places?.box),
      [{ y1: 0.25, x1: 0.25, y2: 0.75, x2: 0.75 }, undefined],
      list,
    )
  }
})

test('boxes in stored pixels turn with the image as EXIF says', async (t) => {
  // One bright block; where it is shown is where its box must be.
  const [width, height] = [40, 20]
  const block = { x1: 4, y1: 12, x2: 12, y2: 18 }
  const data = Buffer.alloc(width * height * 3)
  for (let y = block.y1; y < block.y2; y++) data.fill(255, (y * width + block.x1) * 3, (y * width + block.x2) * 3)
  const { decodeImage } = await import('../../runtime/images/decode.js')
  for (let orientation = 1; orientation <= 8; orientation++) {
    const shown = await decodeImage(
      await sharp(data, { raw: { width, height, channels: 3 } })
        .withMetadata({ orientation })
        .png()
        .toBuffer(),
    )
    const bright = [...shown.data.keys()].filter((i) => i % 3 === 0 && shown.data[i] === 255).map((i) => i / 3)
    const xs = bright.map((i) => i % shown.width)
    const ys = bright.map((i) => Math.floor(i / shown.width))
    const { box } = placesOn({ unit: 'stored pixels', box: block }, shown) ?? {}
    const seen = [Math.min(...ys), Math.min(...xs), Math.max(...ys) + 1, Math.max(...xs) + 1]
    const pixels = box && [box.y1 * shown.height, box.x1 * shown.width, box.y2 * shown.height, box.x2 * shown.width]
    t.deepEqual(pixels?.map(Math.round), seen, `orientation ${orientation}`)
  }
})

const mistakes: Readonly<Record<string, readonly [files: Files, code: string, says: RegExp]>> = {
  'a path that leaves the folder': [
    { ...images, 'l.csv': 'path,label\na.jpg,x\n../../etc/passwd,x\n' },
    'list-broken',
    /l\.csv, line 3: "\.\.\/\.\.\/etc\/passwd" is outside/,
  ],
  'an absolute path': [{ ...images, 'l.csv': 'path,label\n/etc/passwd,x\n' }, 'list-broken', /line 2: .* is outside/],
  'an image listed twice': [
    { ...images, 'l.csv': 'path,label\na.jpg,x\ne.jpg,x\na.jpg,y\n' },
    'data-duplicate',
    /l\.csv, line 4: .*a\.jpg is listed already \(.*l\.csv, line 2\)/,
  ],
  'files that are missing': [
    { ...images, 'l.csv': 'path,label\na.jpg,x\nnone.jpg,x\ngone.jpg,x\n' },
    'data-missing',
    /l\.csv, line 3: there is no file .*none\.jpg \(nor 1 others\)/,
  ],
  'a split of no known name': [
    { ...images, 'l.csv': 'path,label,split\na.jpg,x,train\ne.jpg,x,holdout\n' },
    'list-broken',
    /l\.csv, line 3: "holdout" is no split/,
  ],
  'a class that only test has': [
    { ...images, 'l.csv': 'path,label,split\na.jpg,x,train\ne.jpg,strange,test\n' },
    'data-classes',
    /1 class of test not in train: "strange" \(the first: .*l\.csv, line 3\)/,
  ],
  'no class': [{ ...images, 'l.csv': 'path,label\na.jpg,\n' }, 'list-broken', /l\.csv, line 2: no class/],
  'an empty path': [{ ...images, 'l.csv': 'path,label\n"",x\n' }, 'list-broken', /l\.csv, line 2: no path/],
  'a column named twice': [
    { ...images, 'l.csv': 'path,label,label\na.jpg,x,y\n' },
    'csv-broken',
    /l\.csv, line 1: the column "label" is there twice/,
  ],
  'test images marked by a word': [
    { ...images, 'l.csv': 'path,label,test\na.jpg,x,0\ne.jpg,x,maybe\n' },
    'list-broken',
    /l\.csv, line 3: test is "maybe"/,
  ],
  'a line of JSON that is no record': [
    { ...images, 'l.jsonl': '{"path":"a.jpg","label":"x"}\n7\n' },
    'list-broken',
    /l\.jsonl, line 2: no record with fields/,
  ],
  'two class names alike': [
    { ...cub, 'classes.txt': '1 001.Albatross\n2 001.Albatross\n' },
    'data-classes',
    /two classes are called "001\.Albatross"/,
  ],
  'images to test with alone': [
    { ...images, 'l.csv': 'path,label,split\na.jpg,x,test\n' },
    'data-classes',
    /has no training images/,
  ],
  'a comma without quotes': [
    { ...images, 'l.csv': 'path,label\na.jpg,red, small\n' },
    'csv-broken',
    /l\.csv, line 2: 3 fields/,
  ],
  'a class name of two lines': [
    { ...images, 'l.csv': 'path,label\na.jpg,"x\ny"\n' },
    'list-broken',
    /l\.csv, line 2: a class named "x\\ny"/,
  ],
  'half a box': [
    { ...images, 'l.csv': 'path,label,x1,y1,x2,y2\na.jpg,x,1,2,3,\n' },
    'list-broken',
    /l\.csv, line 2: y2 of the box is ""/,
  ],
  'an empty box': [
    { ...images, 'l.csv': 'path,label,x1,y1,x2,y2\na.jpg,x,5,2,3,9\n' },
    'list-broken',
    /l\.csv, line 2: the box .* is empty/,
  ],
  'a box whose order is ambiguous': [
    {
      ...images,
      'l.json': '[\n {"path": "e.jpg", "label": "x"},\n\n {"path": "a.jpg", "label": "x", "bbox": [1, 2, 3, 4]}]',
    },
    'list-broken',
    /l\.json, line 4: bbox is an array/,
  ],
  'broken JSON Lines': [
    { ...images, 'l.jsonl': '{"path":"a.jpg","label":"x"}\n{"path":\n' },
    'list-broken',
    /l\.jsonl, line 2: no JSON/,
  ],
  'text that is not UTF-8': [
    { ...images, 'l.csv': 'path,label\na.jpg,x\n'.replaceAll(/./gs, '$&\0') },
    'list-broken',
    /not UTF-8/,
  ],
  'CUB: an image without a class': [
    { ...cub, 'image_class_labels.txt': '1 1\n2 1\n3 2\n' },
    'list-broken',
    /images\.txt, line 4: image 4 has no class/,
  ],
  'CUB: a class that is not there': [
    { ...cub, 'image_class_labels.txt': '1 1\n2 1\n3 2\n4 9\n' },
    'list-broken',
    /image_class_labels\.txt, line 4: classes\.txt has no class 9/,
  ],
  'CUB: a number twice': [
    { ...cub, 'images.txt': '1 a.jpg\n1 b.jpg\n' },
    'list-broken',
    /images\.txt, line 2: 1 is in line 1/,
  ],
  'CUB: a box of words': [
    { ...cub, 'bounding_boxes.txt': '1 10.0 5.0 wide 10.0\n' },
    'list-broken',
    /bounding_boxes\.txt, line 1: .* is not 4 numbers/,
  ],
  'CUB: a file that is gone': [
    {
      ...cub,
      'images.txt': `${cub['images.txt']}5 002.Auklet/e.jpg\n`,
      'image_class_labels.txt': '1 1\n2 1\n3 2\n4 2\n5 2\n',
      'train_test_split.txt': '1 1\n2 1\n3 1\n4 0\n5 0\n',
    },
    'data-missing',
    /images\.txt, line 5: there is no file .*e\.jpg/,
  ],
  'CUB: an empty box': [
    { ...cub, 'bounding_boxes.txt': '1 10.0 5.0 0 10.0\n' },
    'list-broken',
    /bounding_boxes\.txt, line 1: a box of 0 x 10 is empty/,
  ],
  'CUB: an image in no split': [
    { ...cub, 'train_test_split.txt': '1 1\n2 1\n3 1\n' },
    'list-broken',
    /images\.txt, line 4: image 4 has no line in train_test_split\.txt/,
  ],
  'CUB: a split that is neither': [
    { ...cub, 'train_test_split.txt': '1 1\n2 1\n3 1\n4 2\n' },
    'list-broken',
    /train_test_split\.txt, line 4: "2" is neither 1 \(train\) nor 0 \(test\)/,
  ],
  'CUB: a class for an image that is not listed': [
    { ...cub, 'image_class_labels.txt': `${cub['image_class_labels.txt']}5 2\n` },
    'list-broken',
    /image_class_labels\.txt, line 5: there is no image 5/,
  ],
  'CUB: a line of one word': [
    { ...cub, 'images.txt': 'alone\n' },
    'list-broken',
    /images\.txt, line 1: "alone" stands alone/,
  ],
  'Cars: no class names': [
    car({}, text('class_names', 'Audi')),
    'list-broken',
    /cars_meta\.mat, line 1: there is no class_names/,
  ],
  'Cars: a class name that is a number': [
    car({}, cells('class_names', text('', 'Audi'), numbers('', 100))),
    'list-broken',
    /cars_meta\.mat, line 2: a class name is no text/,
  ],
  'Cars: no annotations': [
    { ...car({}), 'cars_train_annos.mat': matFile(numbers('annotations', 1)) },
    'list-broken',
    /cars_train_annos\.mat, line 1: there are no annotations/,
  ],
  'Cars: a class that is not there': [
    car({ class: numbers('', 2) }),
    'list-broken',
    /annos\.mat, line 1: class 2 of 1/,
  ],
  'Cars: a class that is text': [
    car({ class: text('', 'Audi') }),
    'list-broken',
    /annos\.mat, line 1: no number class/,
  ],
  'Cars: an annotation without a file': [car({ fname: text('', '') }), 'list-broken', /line 1: no text fname/],
  'Cars: an empty box': [
    car({ bbox_x2: numbers('', 0) }),
    'list-broken',
    /annos\.mat, line 1: the box from \(1, 1\) to \(0, 20\) is empty/,
  ],
  'Aircraft: an empty box': [
    { ...aircraft, 'data/images_box.txt': '0034309 9 1 5 20\n' },
    'list-broken',
    /images_box\.txt, line 1: the box from \(9, 1\) to \(5, 20\) is empty/,
  ],
  'Aircraft: a variant that is not there': [
    { ...aircraft, 'data/images_variant_test.txt': '1025794 A380\n' },
    'list-broken',
    /images_variant_test\.txt, line 1: variants\.txt has no variant "A380"/,
  ],
}
for (const [name, [files, code, says]] of Object.entries(mistakes))
  test(`${name}: ${code}`, async (t) => {
    const failure = await t.throwsAsync(openDataSet(folder(files), { seed: 1 }), { instanceOf: Failure })
    t.is(failure?.problem.code, code, failure?.message)
    t.regex(failure?.message ?? '', says)
    t.truthy(failure?.problem.help)
  })

test('a file that is named and holds no list says what a list is', async (t) => {
  const path = folder({ ...images, 'notes.csv': 'who,when\nx,y\n', 'notes.txt': 'path,label\n', 'none.csv': '' })
  for (const name of ['notes.csv', 'notes.txt', 'none.csv']) {
    const failure = await t.throwsAsync(openDataSet(join(path, name), { seed: 1 }), { instanceOf: Failure })
    t.is(failure?.problem.code, 'list-broken')
    t.regex(failure?.message ?? '', /this is no list of images/)
    t.regex(failure?.problem.help ?? '', /columns path and label/)
  }
})

test('true, in the column of test images, means test; a field that is null is empty; a box may be an object', async (t) => {
  const path = folder({
    ...images,
    'l.json': JSON.stringify([
      { path: 'a.jpg', label: 'x', test: false, note: null, box: { x1: 10, y1: 5, x2: 30, y2: 15 } },
      { path: 'e.jpg', label: 'x', test: true, tags: { colour: 'red' } },
    ]),
  })
  const { splits } = await openDataSet(path, { seed: 1 })
  t.deepEqual(
    [splits.train, splits.test].map((samples) => samples.map((sample) => relative(path, sample.path))),
    [['a.jpg'], ['e.jpg']],
  )
  t.deepEqual(splits.train[0]?.truth, { unit: 'pixels', box: { y1: 5, x1: 10, y2: 15, x2: 30 } })
})

test('classes that a model was not made for are reported', async (t) => {
  const path = folder({ ...images, 'l.csv': 'path,label,split\na.jpg,x,train\ne.jpg,y,val\n' })
  const failure = await t.throwsAsync(openDataSet(path, { seed: 1, classes: ['x', 'z'] }), { instanceOf: Failure })
  t.is(failure?.problem.code, 'data-classes')
  t.regex(failure?.message ?? '', /the model does not know 1 class of val: "y" \(the first: .*l\.csv, line 3\)/)
  t.is(failure?.problem.help, 'the model\'s classes are "x", "z"')
})

test('a file with any contents is read or is a failure', async (t) => {
  const places: readonly (readonly [path: string, file: string, text: string])[] = [
    ...Object.entries(cub).flatMap(([file, text]) => (text === null ? [] : [[folder(cub), file, text] as const])),
    ...Object.entries(aircraft).flatMap(([file, text]) =>
      text === null ? [] : [[folder(aircraft), file, text] as const],
    ),
    ...['labels.csv', 'labels.json', 'labels.jsonl'].map((file) => {
      const found = Object.values(lists).find((files) => file in files)
      const text = found?.[file] ?? ''
      return [folder({ ...images, [file]: text }), file, text] as const
    }),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...places),
      fc.nat(),
      fc.nat(20),
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.constantFrom(
          '\n',
          '\r',
          '"',
          ',',
          '\0',
          '\uFEFF',
          ' ',
          '-1',
          '1e999',
          '[',
          '{',
          '..',
          '/',
          'NaN',
          '__proto__',
        ),
      ),
      async ([path, file, text], at, gone, put) => {
        const start = at % (text.length + 1)
        writeFileSync(join(path, file), text.slice(0, start) + put + text.slice(start + gone))
        try {
          const { splits, classes } = await openDataSet(path, { seed: 1 })
          t.true(classes.length > 0)
          t.true([...splits.train, ...splits.val, ...splits.test].every(({ label }) => label < classes.length))
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          t.truthy(error.problem.help ?? error.problem.path)
        } finally {
          writeFileSync(join(path, file), text)
        }
      },
    ),
    { numRuns: 400 },
  )
})
