import { join } from 'node:path'
import test from 'ava'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { contents, type Files, folder } from '../support/data_folders.js'

const images = { 'photos/1.jpg': null, 'photos/2.jpg': null, 'photos/3.jpg': null, 'photos/my 4.jpg': null }

/** The same list in many forms. */
const forms: Readonly<Record<string, Files>> = {
  semicolons: {
    'labels.csv': 'path;label\nphotos/1.jpg;tit, blue\nphotos/2.jpg;wren\nphotos/3.jpg;wren\nphotos/my 4.jpg;wren\n',
  },
  "Excel's line for the separator": {
    'labels.csv': 'sep=;\r\npath;label\r\n1.jpg;tit, blue\r\n2.jpg;wren\r\n3.jpg;wren\r\nmy 4.jpg;wren\r\n',
  },
  tabs: {
    'labels.tsv':
      'path\tlabel\nphotos/1.jpg\ttit, blue\nphotos/2.jpg\twren\nphotos/3.jpg\twren\nphotos/my 4.jpg\twren\n',
  },
  'tabs, without a header': {
    'labels.txt': 'photos/1.jpg\ttit, blue\nphotos/2.jpg\twren\nphotos/3.jpg\twren\nphotos/my 4.jpg\twren\n',
  },
  'blanks, without a header': {
    'list.txt': 'photos/1.jpg tit, blue\nphotos/2.jpg wren\nphotos/3.jpg wren\nphotos/my 4.jpg wren\n',
  },
  'blanks, with the class first': {
    'list.txt': 'x photos/1.jpg\nwren photos/2.jpg\nwren photos/3.jpg\nwren photos/my 4.jpg\n',
  },
  'blanks, with a header': {
    'list.txt': 'file bird\nphotos/1.jpg tit, blue\nphotos/2.jpg wren\nphotos/3.jpg wren\nphotos/my 4.jpg wren\n',
  },
  'commas, without a header': {
    'labels.csv': 'photos/1.jpg,"tit, blue"\nphotos/2.jpg,wren\nphotos/3.jpg,wren\nphotos/my 4.jpg,wren\n',
  },
  'other column names': {
    'birds.csv':
      'No,Photo,Observer,Bird\n1,1.jpg,Ann,"tit, blue"\n2,2.jpg,Bob,wren\n3,3.jpg,Cid,wren\n4,my 4.jpg,Dan,wren\n',
  },
  'names with blanks and capitals': {
    'birds.csv': 'Class Name,Image Path\n"tit, blue",1.jpg\nwren,2.jpg\nwren,3.jpg\nwren,my 4.jpg\n',
  },
  'names without an extension': { 'labels.csv': 'id,breed\n1,"tit, blue"\n2,wren\n3,wren\nmy 4,wren\n' },
  backslashes: {
    'labels.csv':
      'path,label\nphotos\\1.jpg,"tit, blue"\nphotos\\2.jpg,wren\nphotos\\3.jpg,wren\nphotos\\my 4.jpg,wren\n',
  },
  'paths of another machine': {
    'labels.csv':
      'path,label\n/home/ann/birds/photos/1.jpg,"tit, blue"\n/home/ann/birds/photos/2.jpg,wren\n/home/ann/birds/photos/3.jpg,wren\n/home/ann/birds/photos/my 4.jpg,wren\n',
  },
  'paths of Windows': {
    'labels.csv':
      'path,label\nC:\\Users\\ann\\photos\\1.jpg,"tit, blue"\nC:\\Users\\ann\\photos\\2.jpg,wren\nC:\\Users\\ann\\photos\\3.jpg,wren\nC:\\Users\\ann\\photos\\my 4.jpg,wren\n',
  },
  'paths from a folder above': {
    'meta/labels.csv':
      'path,label\n../photos/1.jpg,"tit, blue"\n../photos/2.jpg,wren\n../photos/3.jpg,wren\n../photos/my 4.jpg,wren\n',
  },
  'an object of paths and classes': {
    'labels.json': '{"photos/1.jpg": "tit, blue", "photos/2.jpg": "wren", "3.jpg": "wren", "my 4.jpg": "wren"}',
  },
}
for (const [name, files] of Object.entries(forms))
  test(`a list with ${name}`, async (t) => {
    const { classes, splits } = await openDataSet(folder({ ...images, ...files }), { seed: 1 })
    const first = name.includes('class first') ? 'x' : 'tit, blue'
    t.deepEqual(classes, [first, 'wren'].sort())
    const paths = [...splits.train, ...splits.val].map(
      ({ path, label }) => `${path.split('/').at(-1)} ${classes[label]}`,
    )
    t.deepEqual(paths.sort(), [`1.jpg ${first}`, '2.jpg wren', '3.jpg wren', 'my 4.jpg wren'])
  })

test('absolute paths below the data folder are read, others are an error', async (t) => {
  const path = folder(images)
  const list = (name: string) => folder({ ...images, 'l.csv': `path,label\n${name},x\nphotos/2.jpg,y\n` })
  const failure = await t.throwsAsync(openDataSet(list(join(path, 'elsewhere.jpg')), { seed: 1 }), {
    instanceOf: Failure,
  })
  t.regex(failure?.message ?? '', /l\.csv, line 2: .* is outside of/)
})

test('a list in a folder of annotations belongs to the data set above it', async (t) => {
  const path = folder({
    ...images,
    'annotations/l.csv': 'path,label\nphotos/1.jpg,x\nphotos/2.jpg,y\n',
    'set/l.csv': 'path,label\n1.jpg,x\n',
    'set/1.jpg': null,
  })
  const above = await openDataSet(join(path, 'annotations', 'l.csv'), { seed: 1 })
  t.deepEqual([above.root, above.splits.train.length], [path, 2])
  t.is((await openDataSet(join(path, 'set', 'l.csv'), { seed: 1 })).root, join(path, 'set'))
})

test('paths of another machine are noted', async (t) => {
  const files = forms['paths of another machine'] ?? {}
  const { notes } = await openDataSet(folder({ ...images, ...files }), { seed: 1 })
  t.true(notes.includes('labels.csv: paths are read without their first 3 folders'), notes.join('\n'))
})

test('a name in one normal form of Unicode finds the file in the other', async (t) => {
  const path = folder({ 'ros\u00e9.jpg': null, 'b.jpg': null, 'l.csv': 'path,label\nrose\u0301.jpg,x\nb.jpg,y\n' })
  t.is((await openDataSet(path, { seed: 1 })).splits.train.length, 2)
})

test('the splits of a list are its column, a mark, its name, its folder, or the folders of the images', async (t) => {
  const expected = { train: ['Train/1.jpg a'], val: [], test: ['Test/2.jpg a'] }
  const photos = { 'Train/1.jpg': null, 'Test/2.jpg': null }
  for (const files of [
    { 'l.csv': 'path,label,data set\nTrain/1.jpg,a,training set\nTest/2.jpg,a,test\n' },
    { 'l.csv': 'path,label,is_training_img\nTrain/1.jpg,a,1\nTest/2.jpg,a,0\n' },
    { 'l.txt': 'Train/1.jpg a TRAIN\nTest/2.jpg a TEST\n' },
    { 'train_labels.csv': 'path,label\n1.jpg,a\n', 'labels_test.csv': 'path,label\n2.jpg,a\n' },
    {
      'Train/metadata.jsonl': '{"file_name":"1.jpg","label":"a"}',
      'Test/metadata.jsonl': '{"file_name":"2.jpg","label":"a"}',
    },
    { 'l.csv': 'path,label\nTrain/1.jpg,a\nTest/2.jpg,a\n' },
  ])
    t.deepEqual(
      contents(await openDataSet(folder({ ...photos, ...files }), { seed: 1 })),
      expected,
      JSON.stringify(files),
    )
})

const classFolders = { 'a/1.jpg': null, 'a/2.jpg': null, 'b/1.jpg': null, 'b/2.jpg': null }
for (const [name, files, says] of [
  [
    'a table without images',
    { 'labels.csv': 'who,when\nann,1999\n' },
    /^labels\.csv was not read: no column names images$/,
  ],
  ['an empty table', { 'labels.csv': '' }, /^labels\.csv was not read: it is empty$/],
  ['a table with a header alone', { 'labels.csv': 'path,label\n' }, /^labels\.csv was not read: it has no rows$/],
  [
    'several columns that may be the class',
    { 'labels.csv': 'photo,sex,mood\na/1.jpg,m,sad\na/2.jpg,f,sad\nb/1.jpg,m,gay\n' },
    /the class is not clear: call the column label/,
  ],
  [
    'measurements',
    { 'scores.csv': 'photo,score\na/1.jpg,0.25\na/2.jpg,0.5\n' },
    /no column names a class for each image/,
  ],
  ['paths alone', { 'list.txt': 'a/1.jpg\na/2.jpg\n' }, /it has one column only/],
  [
    'names of files that are not there',
    { 'labels.csv': 'photo,bird\nx.jpg,wren\ny.jpg,wren\n' },
    /there is no file "x\.jpg" in the data folder/,
  ],
  ['records without a class', { 'labels.jsonl': '{"path":"a/1.jpg"}\n' }, /no field for the class, such as label/],
  ['a workbook', { 'labels.xlsx': 'PK' }, /save it as CSV/],
  ['another encoding', { 'labels.txt': Buffer.from('a/1.jpg ros\xe9\n', 'latin1') }, /not UTF-8/],
  [
    'a file for each image',
    Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`labels/${i}.txt`, '0 1 2'])),
    /labels: 30 files \.txt were not read/,
  ],
] as const)
  test(`class folders are read beside ${name}, with a note`, async (t) => {
    const { classes, notes } = await openDataSet(folder({ ...classFolders, ...files }), { seed: 1 })
    t.deepEqual(classes, ['a', 'b'])
    t.true(
      notes.some((note) => says.test(note)),
      notes.join('\n'),
    )
  })

test('two lists of one split are ambiguous', async (t) => {
  const path = folder({ ...images, 'train.csv': 'path,label\n1.jpg,a\n', 'train_labels.csv': 'path,label\n1.jpg,b\n' })
  const failure = await t.throwsAsync(openDataSet(path, { seed: 1 }), { instanceOf: Failure })
  t.is(failure?.problem.code, 'data-ambiguous')
  t.regex(failure?.message ?? '', /2 lists of train images: "train\.csv", "train_labels\.csv"/)
})

const coco = (
  images: readonly string[],
  annotations: readonly (readonly [image: number, category: number, box?: readonly number[]])[],
) =>
  JSON.stringify(
    {
      images: images.map((file_name, id) => ({ id, file_name, width: 40, height: 20 })),
      annotations: annotations.map(([image_id, category_id, bbox], id) => ({
        id,
        image_id,
        category_id,
        ...(bbox && { bbox }),
      })),
      categories: [
        { id: 0, name: 'birds' },
        { id: 7, name: 'wren', supercategory: 'birds' },
        { id: 3, name: 'tit', supercategory: 'birds' },
      ],
    },
    undefined,
    1,
  )

test("COCO's categories are classes; boxes of single objects are true boxes", async (t) => {
  const path = folder({
    'train2017/1.jpg': null,
    'train2017/2.jpg': null,
    'train2017/3.jpg': null,
    'train2017/4.jpg': null,
    'val2017/5.jpg': null,
    'annotations/instances_train2017.json': coco(
      ['1.jpg', '2.jpg', '3.jpg', '4.jpg'],
      [
        [0, 7, [4, 5, 20, 10]],
        [1, 3],
        [1, 3, [0, 0, 1, 1]],
        [2, 7],
        [2, 3],
      ],
    ),
    'annotations/instances_val2017.json': coco(['5.jpg'], [[0, 3, [0, 0, 0, 0]]]),
  })
  const data = await openDataSet(path, { seed: 1 })
  t.deepEqual(data.classes, ['wren', 'tit'])
  t.deepEqual(contents(data), {
    train: ['train2017/1.jpg wren', 'train2017/2.jpg tit'],
    val: ['val2017/5.jpg tit'],
    test: [],
  })
  t.deepEqual(
    data.splits.train.map(({ truth }) => truth),
    [{ unit: 'pixels', box: { y1: 5, x1: 4, y2: 15, x2: 24 } }, undefined],
  )
  t.true(
    data.notes.includes(
      'instances_train2017.json: left out 1 image with objects of several categories and 1 image without objects',
    ),
    data.notes.join('\n'),
  )
})

test("COCO's format in the folder of each split", async (t) => {
  const path = folder({
    'train/1.jpg': null,
    'train/_annotations.coco.json': coco(['1.jpg'], [[0, 7]]),
    'valid/1.jpg': null,
    'valid/_annotations.coco.json': coco(['1.jpg'], [[0, 7]]),
  })
  t.deepEqual(contents(await openDataSet(path, { seed: 1 })), {
    train: ['train/1.jpg wren'],
    val: ['valid/1.jpg wren'],
    test: [],
  })
})

test("COCO's format with an error in it", async (t) => {
  const missing = folder({ 'a.json': coco(['1.jpg'], [[0, 7]]) })
  const failure = await t.throwsAsync(openDataSet(missing, { seed: 1 }), { instanceOf: Failure })
  t.regex(failure?.message ?? '', /a\.json, line 5: there is no file .*1\.jpg/)
  const unnamed = folder({ '1.jpg': null, 'a.json': coco(['1.jpg'], [[0, 99]]) })
  t.regex((await t.throwsAsync(openDataSet(unnamed, { seed: 1 })))?.message ?? '', /category 99 has no name/)
  const other = folder({ 'a.json': '{"images": [1], "annotations": [], "categories": []}' })
  t.regex((await t.throwsAsync(openDataSet(other, { seed: 1 })))?.message ?? '', /images\.0 is not as in COCO's format/)
})
