import test from 'ava'
import fc from 'fast-check'
import { sortClasses } from '../../runtime/data/class_order.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import { contents, folder } from '../support/data_folders.js'

const asFolders = (names: readonly string[]) =>
  folder(Object.fromEntries(names.flatMap((name) => [1, 2].map((n) => [`${name}/${n}.jpg`, null]))))

const asList = (names: readonly string[]) =>
  folder({
    ...Object.fromEntries(names.map((_, i) => [`${i}.jpg`, null])),
    'labels.csv': `path,label\n${names.map((name, i) => `${i}.jpg,"${name}"\n`).join('')}`,
  })

for (const [kind, data] of Object.entries({ folders: asFolders, list: asList }))
  test(`numbered classes of a ${kind} are in the order of their numbers, and a note says so`, async (t) => {
    for (const names of [
      ['1', '2', '10'],
      ['c1', 'c2', 'c10'],
      ['1_rose', '2_tulip', '10_lily'],
      ['007', '8', '10'],
    ]) {
      const natural = await openDataSet(data(names.toReversed()), { seed: 1 })
      t.deepEqual(natural.classes, names)
      t.true(natural.notes.some((note) => note.includes('--class-order plain')))
      const plain = await openDataSet(data(names), { seed: 1, classOrder: 'plain' })
      t.deepEqual(plain.classes, names.toSorted())
      const known = await openDataSet(data(names), { seed: 1, classes: names.toSorted() })
      t.deepEqual(known.classes, names.toSorted(), 'a model keeps its order')
    }
    const mixed = await openDataSet(data(['Boeing 1000', 'Boeing 200', 'Cessna']), { seed: 1 })
    t.deepEqual(mixed.classes, ['Boeing 1000', 'Boeing 200', 'Cessna'])
    t.false(mixed.notes.some((note) => note.includes('numbered')))
  })

test('natural order agrees with integers of any length', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.bigInt({ min: 0n, max: 10n ** 30n })), (numbers) => {
      const { classes } = sortClasses(
        numbers.map((number) => `c${number}`),
        'natural',
      )
      const expected = numbers.toSorted((a, b) => (a < b ? -1 : 1)).map((number) => `c${number}`)
      t.deepEqual(classes, expected)
    }),
  )
})

const [composed, decomposed] = ['ros\u00e9', 'rose\u0301']

test('normal forms of Unicode are one class, in folders, in lists, and for a model', async (t) => {
  const folders = folder({
    [`train/${composed}/1.jpg`]: null,
    [`train/${decomposed}/2.jpg`]: null,
    [`val/${decomposed}/3.jpg`]: null,
  })
  const list = folder({ '1.jpg': null, '2.jpg': null, 'l.csv': `path,label\n1.jpg,${composed}\n2.jpg,${decomposed}\n` })
  for (const path of [folders, list]) {
    t.deepEqual((await openDataSet(path, { seed: 1 })).classes, [composed])
    for (const name of [composed, decomposed])
      t.deepEqual((await openDataSet(path, { seed: 1, classes: [name] })).classes, [name])
  }
  const both = await openDataSet(folders, { seed: 1, classes: [composed, decomposed] })
  t.deepEqual(
    contents(both).train,
    [`train/${composed}/1.jpg ${composed}`, `train/${decomposed}/2.jpg ${decomposed}`],
    'a model of both keeps them apart',
  )
})

for (const name of ['rose ', ' rose', 'ro\nse', 'rose\u2028', 'rose\u00a0'])
  test(`a class folder called ${encodeURIComponent(name)} is refused`, async (t) => {
    const failure = await t.throwsAsync(openDataSet(asFolders([name, 'tulip']), { seed: 1 }), { instanceOf: Failure })
    t.is(failure?.problem.code, 'data-classes')
    t.true(failure?.message.includes(JSON.stringify(name)))
    t.is(failure?.problem.help, 'rename the folder')
  })
