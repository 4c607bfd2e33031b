import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { readMat5 } from '../../runtime/data/mat5.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package_root.js'
import { cells, element, integers, matFile, matrix, numbers, text } from '../support/mat5.js'

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-mat-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const fixture = (name: string) => join(packageRoot(), 'test/data/fixtures', name)

test('reads what scipy wrote (test/data/fixtures/record.py): numbers of every kind, text, cells, structs, compressed', async (t) => {
  const found = await readMat5(fixture('kinds.mat'))
  const numbersOf = (name: string) => {
    const value = found.get(name)
    return value?.kind === 'numbers' ? value.values : undefined
  }
  // Columns first.
  t.deepEqual(numbersOf('double'), [1.5, 3, -2.5, 1e300])
  t.deepEqual(numbersOf('single'), [0.25])
  t.deepEqual(numbersOf('whole'), [-5, 2 ** 40])
  t.deepEqual(numbersOf('small'), [-300, 7])
  t.deepEqual(numbersOf('empty'), [])
  t.deepEqual(numbersOf('true'), [1, 0])
  t.deepEqual(found.get('words'), { kind: 'text', text: 'größer < kleiner' })
  const nested = found.get('nested')
  const [outer] = nested?.kind === 'structs' ? nested.structs : []
  const inner = outer?.get('inner')
  t.deepEqual(inner?.kind === 'structs' ? inner.structs[0]?.get('deep') : undefined, { kind: 'text', text: 'x' })
  t.deepEqual(outer?.get('cells'), {
    kind: 'cells',
    cells: [
      { kind: 'text', text: 'a' },
      { kind: 'numbers', values: [2] },
    ],
  })
})

test('damaged bytes, whatever they are, end in a failure that names the file, or in values', async (t) => {
  const path = join(temporaryFolder(t), 'damaged.mat')
  const read = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes)
    try {
      await readMat5(path)
      return undefined
    } catch (error) {
      if (error instanceof Failure) return error.problem
      throw error
    }
  }
  const whole = readFileSync(fixture('cars_test_annos_withlabels.mat'))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
      const bytes = cut ? whole.subarray(0, at) : Buffer.from(whole)
      if (!cut) bytes[at] = value
      const problem = await read(bytes)
      t.true(problem === undefined || (problem.code === 'mat-unreadable' && problem.message.includes(path)))
    }),
    { numRuns: 300 },
  )
  t.regex((await read(Buffer.from('MATLAB 7.3 MAT-file'.padEnd(200))))?.message ?? '', /7\.3.*-v7/)
  t.regex((await read(Buffer.from('path,label\n')))?.message ?? '', /not a MATLAB file/)
})

const wrong: Readonly<Record<string, readonly [elements: readonly Buffer[], says: RegExp]>> = {
  'billions of structs without fields': [
    [
      element(
        14,
        Buffer.concat([
          element(6, integers(2, 0)),
          element(5, integers(65_535, 65_535)),
          element(1, Buffer.from('s')),
          element(5, integers(32)),
          element(1, Buffer.alloc(0)),
        ]),
      ),
    ],
    /4294836225 values in \d+ bytes/,
  ],
  'a compressed element within another': [
    [element(15, deflateSync(element(15, deflateSync(numbers('x', 1)))))],
    /a compressed element within another/,
  ],
  'numbers where a variable should be': [[element(9, Buffer.alloc(8))], /an element of type 9 where a variable/],
  'a value of an unknown kind in a cell': [[cells('c', matrix('object', 'thing', 0))], /not read here in thing/],
  'a value without a name of an unknown kind in a cell': [[cells('c', matrix('object', '', 0))], /not read here$/],
  'cells in cells without end': [
    [Array.from({ length: 20 }).reduce<Buffer>((inner) => cells('', inner), numbers('x', 1))],
    /nested more than 16 levels deep/,
  ],
  'more numbers than annotations have': [
    [matrix('double', 'x', 2 ** 24 + 1, element(2, Buffer.alloc(2 ** 24 + 1)))],
    /16777217 numbers in one array/,
  ],
}
for (const [name, [elements, says]] of Object.entries(wrong))
  test(`refuses ${name}`, async (t) => {
    const path = join(temporaryFolder(t), 'wrong.mat')
    writeFileSync(path, matFile(...elements))
    const error = await t.throwsAsync(readMat5(path), { instanceOf: Failure })
    t.is(error?.problem.code, 'mat-unreadable')
    t.regex(error?.message ?? '', says)
  })

test('empty text and empty cells are values; variables of unknown kinds are left out', async (t) => {
  const path = join(temporaryFolder(t), 'empty.mat')
  const hole = element(14, Buffer.alloc(0))
  writeFileSync(path, matFile(text('nothing', ''), cells('holes', hole), matrix('object', 'thing', 0)))
  t.deepEqual(
    [...(await readMat5(path))],
    [
      ['nothing', { kind: 'text', text: '' }],
      ['holes', { kind: 'cells', cells: [{ kind: 'numbers', values: [] }] }],
    ],
  )
})
