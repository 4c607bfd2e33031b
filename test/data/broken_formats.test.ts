import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { aircraft, car, cub, type Files, folder, images, lists } from '../support/data_folders.js'
import { cells, matFile, numbers, text } from '../support/mat5.js'

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

const coco =
  '{"images":[{"id":1,"file_name":"a.jpg"},{"id":2,"file_name":"e.jpg"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[1,2,3,4]},{"image_id":2,"category_id":2}],"categories":[{"id":1,"name":"x"},{"id":2,"name":"y"}]}'
const plainList = 'a.jpg house sparrow\ne.jpg tit\nimages/b.jpg tit\n'

test('a file with any contents is read or is a failure', async (t) => {
  const places: readonly (readonly [path: string, file: string, text: string])[] = [
    ...Object.entries(cub).flatMap(([file, text]) => (text === null ? [] : [[folder(cub), file, text] as const])),
    ...Object.entries(aircraft).flatMap(([file, text]) =>
      text === null ? [] : [[folder(aircraft), file, text] as const],
    ),
    [folder({ ...images, 'coco.json': coco }), 'coco.json', coco],
    [folder({ ...images, 'list.txt': plainList }), 'list.txt', plainList],
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
