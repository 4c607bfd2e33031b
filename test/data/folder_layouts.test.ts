import test from 'ava'
import { openDataSet } from '../../runtime/data/open.js'
import { splitOfName, splitsOfNames } from '../../runtime/data/split_names.js'
import { Failure } from '../../runtime/failure.js'
import { contents, type Files, folder } from '../support/data_folders.js'

const filled = (...paths: readonly string[]): Files => Object.fromEntries(paths.map((path) => [path, null]))

/** The images of two classes in each folder. */
const classesIn = (...folders: readonly string[]): Files =>
  filled(...folders.flatMap((name) => [`${name}/cat/1.jpg`, `${name}/dog/2.jpg`, `${name}/dog/3.jpg`]))

const open = (files: Files, classes?: readonly string[]) =>
  openDataSet(folder(files), { seed: 1, ...(classes && { classes }) })

for (const [train, val, test_] of [
  ['Train', 'Valid', 'Test'],
  ['TRAINING', 'dev', 'testing'],
  ['train_images', 'validation-images', 'test images'],
  ['TrainSet', 'evalData', 'Test_Set'],
  ['images_train', 'images_val', 'images_test'],
  ['train2017', 'val2017', 'test2017'],
  ['1_train', '2_val', '3_test'],
  ['flowers-train', 'flowers-val', 'flowers-test'],
  ['seg_train/seg_train', 'seg_dev/seg_dev', 'seg_test/seg_test'],
  ['archive/data/Train', 'archive/data/Val', 'archive/data/Test'],
  ['train/images', 'val/images', 'test/images'],
] as const)
  test(`splits called ${train}, ${val}, ${test_}`, async (t) => {
    const { classes, splits, holdOut } = await open(classesIn(train, val, test_))
    t.deepEqual(classes, ['cat', 'dog'])
    t.deepEqual(
      Object.values(splits).map((samples) => samples.length),
      [3, 3, 3],
    )
    t.false(holdOut)
  })

test('names of splits, and names that only contain one', (t) => {
  for (const name of ['train', 'Train-Images', 'trainset', 'imgs_TRAIN', 'instances_train2017', '_train.labels'])
    t.is(splitOfName(name), 'train', name)
  for (const name of ['trainer', 'train station', 'contest', 'test tube', 'train_test', 'values', 'Devon', ''])
    t.is(splitOfName(name), undefined, name)
  t.deepEqual(
    [...splitsOfNames(['cub_train', 'cub_test', 'bullet train', 'trainee'])],
    [
      ['cub_train', 'train'],
      ['cub_test', 'test'],
    ],
  )
})

test('the splits of each class in folders of its own', async (t) => {
  const data = await open(
    filled('cat/train/1.jpg', 'cat/test/1.jpg', 'dog/Train/1.jpg', 'dog/Train/deep/2.jpg', 'dog/valid/3.jpg'),
  )
  t.deepEqual(data.classes, ['cat', 'dog'])
  t.deepEqual(contents(data), {
    train: ['cat/train/1.jpg cat', 'dog/Train/1.jpg dog', 'dog/Train/deep/2.jpg dog'],
    val: ['dog/valid/3.jpg dog'],
    test: ['cat/test/1.jpg cat'],
  })
})

test('folders of images without classes beside a split are left out, with a note', async (t) => {
  const { classes, splits, notes } = await open({ ...classesIn('train'), ...filled('test/1.jpg', 'test/2.jpg') })
  t.deepEqual(classes, ['cat', 'dog'])
  t.is(splits.test.length, 0)
  t.true(notes.includes('test: left out 2 images outside a class folder'))
})

test('a class of vehicles may be called train', async (t) => {
  const { classes } = await open(filled('bus/1.jpg', 'bus/2.jpg', 'car/1.jpg', 'train/1.jpg'))
  t.deepEqual(classes, ['bus', 'car', 'train'])
})

test('folders that a system adds are no classes', async (t) => {
  const { classes } = await open({ ...classesIn('.'), ...filled('__MACOSX/cat/1.jpg', '@eaDir/2.jpg') })
  t.deepEqual(classes, ['cat', 'dog'])
})

test('one folder in the given one is looked into, and a list in it is read', async (t) => {
  const nested = await open(classesIn('archive/flowers'))
  t.deepEqual(nested.classes, ['cat', 'dog'])
  t.regex(nested.notes[0] ?? '', /read as class folders, in archive\/flowers\/$/)
  const list = await open({
    ...filled('flowers/1.jpg', 'flowers/2.jpg'),
    'flowers/l.csv': 'path,label\n1.jpg,a\n2.jpg,b\n',
  })
  t.deepEqual(list.classes, ['a', 'b'])
})

const refused: Readonly<Record<string, readonly [files: Files, says: RegExp]>> = {
  'splits without class folders': [
    filled('Train/1.jpg', 'Test/2.jpg'),
    /"Test", "Train" look like splits, but hold images without class folders/,
  ],
  'a test folder without class folders beside classes': [
    filled('cat/1.jpg', 'dog/1.jpg', 'test/1.jpg'),
    /"test" looks like a split/,
  ],
  'folders that hold the same classes': [
    classesIn('fold1', 'fold2'),
    /"fold1", "fold2" all hold folders called "cat", "dog"/,
  ],
  'two folders of one split': [classesIn('Training', 'train_images'), /both Training and train_images/],
}
for (const [name, [files, says]] of Object.entries(refused))
  test(`${name}: data-ambiguous`, async (t) => {
    const failure = await t.throwsAsync(open(files), { instanceOf: Failure })
    t.is(failure?.problem.code, 'data-ambiguous')
    t.regex(failure?.message ?? '', says)
    t.truthy(failure?.problem.help)
  })

test('the classes of a model are classes, whatever their folders look like', async (t) => {
  const { splits } = await open(filled('Train/1.jpg', 'Test/2.jpg'), ['Test', 'Train'])
  t.is(splits.train.length + splits.val.length, 2)
})
