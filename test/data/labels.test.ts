import test from 'ava'
import type { WantedLabel } from '../../runtime/data/label_inputs.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { folder } from '../support/data_folders.js'

const images = { 'a.jpg': null, 'b.jpg': null, 'c.jpg': null }
const wanted: readonly WantedLabel[] = [
  { name: 'species', kind: 'Class' },
  { name: 'family', kind: 'Class' },
  { name: 'traits', kind: 'Labels' },
  { name: 'size', kind: 'Value' },
]

const lists = {
  'labels in one column, values with a point': {
    'list.csv':
      'image,species,family,traits,size,split\na.jpg,tit,small,"spots; tail",2.5,train\nb.jpg,crow,large,tail,30,train\nc.jpg,tit,small,,3,val\n',
  },
  'a column for each label, other spellings, semicolons': {
    'list.csv':
      'Image;Species;Family;traits_spots;traits_tail;SIZE;split\na.jpg;tit;small;1;1;2.5;train\nb.jpg;crow;large;0;yes;30;train\nc.jpg;tit;small;0;no;3;val\n',
  },
  'records of JSON': {
    'list.jsonl': [
      { image: 'a.jpg', species: 'tit', family: 'small', traits: 'spots|tail', size: 2.5, split: 'train' },
      { image: 'b.jpg', species: 'crow', family: 'large', traits: 'tail', size: 30, split: 'train' },
      { image: 'c.jpg', species: 'tit', family: 'small', traits: '', size: 3, split: 'val' },
    ]
      .map((record) => JSON.stringify(record))
      .join('\n'),
  },
}

for (const [name, files] of Object.entries(lists))
  test(`several label inputs: ${name}`, async (t) => {
    const data = await openDataSet(folder({ ...images, ...files }), { seed: 1, labels: wanted })
    t.deepEqual(data.classes, ['crow', 'tit'])
    t.deepEqual(data.labels, [
      { name: 'species', kind: 'Class', names: ['crow', 'tit'], size: 2 },
      { name: 'family', kind: 'Class', names: ['large', 'small'], size: 2 },
      { name: 'traits', kind: 'Labels', names: ['spots', 'tail'], size: 2 },
      { name: 'size', kind: 'Value', names: [], size: 1 },
    ])
    t.deepEqual(
      data.splits.train.map(({ label, targets }) => [label, targets]),
      [
        [0, { species: 0, family: 0, traits: [0, 1], size: [30] }],
        [1, { species: 1, family: 1, traits: [1, 1], size: [2.5] }],
      ],
    )
    t.deepEqual(data.splits.val[0]?.targets, { species: 1, family: 1, traits: [0, 0], size: [3] })
  })

test('names of a model keep their order, and a model without a class has no classes', async (t) => {
  const files = { ...images, ...lists['labels in one column, values with a point'] }
  const known = [{ name: 'traits', kind: 'Labels', names: ['tail', 'beak', 'spots'] }] as const
  const data = await openDataSet(folder(files), { seed: 1, labels: known })
  t.deepEqual(data.classes, [])
  t.deepEqual(
    data.splits.train.map(({ label, targets }) => [label, targets]),
    [
      [-1, { traits: [1, 0, 1] }],
      [-1, { traits: [1, 0, 0] }],
    ],
  )
})

test('without a val split a part of all images is held out, classes or not', async (t) => {
  const names = Array.from({ length: 10 }, (_, index) => `${index}.jpg`)
  const list = `image,size\n${names.map((name, index) => `${name},${index}`).join('\n')}`
  const path = folder({ ...Object.fromEntries(names.map((name) => [name, null])), 'list.csv': list })
  const { splits, notes } = await openDataSet(path, { seed: 1, labels: [{ name: 'size', kind: 'Value' }] })
  t.deepEqual([splits.train.length, splits.val.length], [8, 2])
  t.true(notes.includes('no val split: 20 % held out from train (2 images, seed 1)'))
})

const broken: readonly (readonly [what: string, list: string, code: string, message: RegExp])[] = [
  [
    'a missing column',
    'image,species,traits,size\na.jpg,tit,,1\n',
    'label-columns',
    /no column for family; its columns are "image", "species"/,
  ],
  ['no class in a row', 'image,species,family,traits,size\na.jpg,tit,,,1\n', 'list-broken', /line 2: no family/],
  [
    'a value that is no number',
    'image,species,family,traits,size\na.jpg,tit,f,,wide\n',
    'list-broken',
    /line 2: size is "wide"/,
  ],
  [
    'another number of values',
    'image,species,family,traits,size\na.jpg,tit,f,,1;2\nb.jpg,tit,f,,1\n',
    'list-broken',
    /line 3: 1 values of size, and 2/,
  ],
  [
    'a mark that is neither 0 nor 1',
    'image,species,family,traits_x,size\na.jpg,tit,f,2,1\n',
    'list-broken',
    /traits_x is "2"/,
  ],
  [
    'a label that training images lack',
    'image,species,family,traits,size,split\na.jpg,tit,f,x,1,train\nb.jpg,tit,f,y,1,val\n',
    'data-classes',
    /line 3: traits "y" is not known from the training images/,
  ],
]

for (const [what, list, code, message] of broken)
  test(`several label inputs: ${what} is an error with its place`, async (t) => {
    const path = folder({ ...images, 'list.csv': list })
    const error = await t.throwsAsync(openDataSet(path, { seed: 1, labels: wanted }), { instanceOf: Failure })
    t.is(error?.problem.code, code, error?.message)
    t.regex(error?.problem.message ?? '', message)
  })

test('class folders cannot fill several label inputs, and the message says what can', async (t) => {
  const path = folder({ 'tit/a.jpg': null, 'crow/b.jpg': null })
  const error = await t.throwsAsync(openDataSet(path, { seed: 1, labels: wanted }), { instanceOf: Failure })
  t.is(error?.problem.code, 'label-columns')
  t.regex(error?.problem.help ?? '', /image,species,family,traits,size/)
})
