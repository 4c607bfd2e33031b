import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { Failure } from '../../runtime/failure.js'
import { readSafetensors, writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { inverse, permutedShape, permuteValues } from '../../runtime/weights/layout.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-weights-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const tensors = new Map([
  ['conv.weight', { shape: [2, 3, 1, 1], values: Float32Array.from([1, -2, 3.5, 0, 1e-30, 7]) }],
  ['größe "x"', { shape: [], values: Float32Array.of(4) }],
  ['empty', { shape: [0, 5], values: new Float32Array() }],
])

test('what is written is read back', async (t) => {
  const path = join(folder, 'a.safetensors')
  await writeSafetensors(path, { tensors, metadata: { model: 'tiny' } })
  const read = await readSafetensors(path)
  t.deepEqual([...read.tensors], [...tensors])
  t.is(read.metadata.model, 'tiny')
  // The format itself: the header's length, then JSON, then values at a multiple of eight.
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE())
  t.is(length % 8, 0)
  t.notThrows(() => JSON.parse(bytes.subarray(8, 8 + length).toString()))
})

test('a file cut off anywhere is refused by name', async (t) => {
  const whole = join(folder, 'whole.safetensors')
  await writeSafetensors(whole, { tensors, metadata: {} })
  const bytes = readFileSync(whole)
  for (let size = 0; size < bytes.length; size += 7) {
    const path = join(folder, 'cut.safetensors')
    writeFileSync(path, bytes)
    truncateSync(path, size)
    const error = await t.throwsAsync(readSafetensors(path), { instanceOf: Failure })
    t.is(error?.problem.code, 'weights-unreadable')
    t.true(error?.message.includes(path))
  }
})

test('a header that lies is refused before anything is read by it', async (t) => {
  let lieCount = 0
  const file = (header: string, length = BigInt(Buffer.byteLength(header))) => {
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(length)
    const path = join(folder, `lie-${lieCount++}.safetensors`)
    writeFileSync(path, Buffer.concat([head, Buffer.from(header), Buffer.alloc(16)]))
    return path
  }
  const lies = [
    file('{}', 2n ** 60n),
    file('not json'),
    file('[]'),
    file('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,400]}}'),
    file('{"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}'),
    file('{"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}'),
    file('{"w":{"dtype":"C64","shape":[2],"data_offsets":[0,16]}}'),
  ]
  for (const path of lies) await t.throwsAsync(readSafetensors(path), { instanceOf: Failure })
})

test('a permutation and its inverse give the values back', (t) => {
  const shaped = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
    }),
  )
  fc.assert(
    fc.property(shaped, ({ shape, order }) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index)
      const there = permuteValues(values, shape, order)
      const back = permuteValues(there, permutedShape(shape, order), inverse(order))
      return back.every((value, index) => value === index)
    }),
    { seed: 1 },
  )
  t.deepEqual([...permuteValues(Float32Array.from([0, 1, 2, 3, 4, 5]), [2, 3], [1, 0])], [0, 3, 1, 4, 2, 5])
})
