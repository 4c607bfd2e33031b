import { cpSync } from 'node:fs'
import { join, relative } from 'node:path'
import test from 'ava'
import type { DataSet } from '../../runtime/data/dataset.js'
import { annotationsOn } from '../../runtime/data/ground_truth.js'
import { openDataSet } from '../../runtime/data/open.js'
import { packageRoot } from '../../runtime/package_root.js'
import { aircraft, car, contents, cub, folder } from '../support/data_folders.js'

test('CUB-200-2011: its own split, boxes and the parts that are seen; val is held out from train', async (t) => {
  const data = await openDataSet(folder(cub), { seed: 1 })
  t.deepEqual(data.classes, ['001.Albatross', '002.Auklet'])
  const { train, val, test: held } = data.splits
  t.deepEqual([train.length, val.length, held.length], [2, 1, 1])
  const truth = held[0]?.truth
  t.deepEqual(annotationsOn(truth, { width: 40, height: 20 }), {
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

test('FGVC-Aircraft: its own three splits, boxes counted from 1', async (t) => {
  const data = await openDataSet(folder(aircraft), { seed: 1 })
  t.deepEqual(contents(data), {
    train: ['data/images/0034309.jpg 707-320'],
    val: ['data/images/0034958.jpg 707-320'],
    test: ['data/images/1025794.jpg 707-320'],
  })
  const box = (truth: DataSet['splits']['test'][0]['truth']) => annotationsOn(truth, { width: 40, height: 20 })?.box
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
  t.deepEqual(annotationsOn(data.splits.train[1]?.truth, { width: 40, height: 20 })?.box, {
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
