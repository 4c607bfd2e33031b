import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { readMat5 } from '../../runtime/data/mat5.js'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package-root.js'

const fixture = (name: string) => join(packageRoot(), 'test/data/fixtures', name)

test('reads what scipy wrote (test/data/fixtures/record.py): numbers of every kind, text, cells, structs, compressed', async (t) => {
  const found = await readMat5(fixture('kinds.mat'))
  const numbers = (name: string) => {
    const value = found.get(name)
    return value?.kind === 'numbers' ? value.values : undefined
  }
  // Columns first.
  t.deepEqual(numbers('double'), [1.5, 3, -2.5, 1e300])
  t.deepEqual(numbers('single'), [0.25])
  t.deepEqual(numbers('whole'), [-5, 2 ** 40])
  t.deepEqual(numbers('small'), [-300, 7])
  t.deepEqual(numbers('empty'), [])
  t.deepEqual(numbers('true'), [1, 0])
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
  const folder = mkdtempSync(join(tmpdir(), 'wsban-mat-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'damaged.mat')
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

test('an array of billions of structs without fields is refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-mat-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const element = (type: number, data: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(type)
    head.writeUInt32LE(data.length, 4)
    return Buffer.concat([head, data, Buffer.alloc((8 - (data.length % 8)) % 8)])
  }
  const integers = (...values: readonly number[]) => Buffer.from(Uint32Array.from(values).buffer)
  const struct = 2
  const parts = [element(6, integers(struct, 0)), element(5, integers(65_535, 65_535)), element(1, Buffer.from('s'))]
  const fields = [element(5, integers(32)), element(1, Buffer.alloc(0))]
  const header = Buffer.concat([Buffer.from('MATLAB 5.0'.padEnd(124)), Buffer.from([0, 1]), Buffer.from('IM')])
  const path = join(folder, 'structs.mat')
  writeFileSync(path, Buffer.concat([header, element(14, Buffer.concat([...parts, ...fields]))]))
  const error = await t.throwsAsync(readMat5(path), { instanceOf: Failure })
  t.regex(error?.message ?? '', /4294836225 values in \d+ bytes/)
})
