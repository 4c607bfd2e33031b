import test from 'ava'
import fc from 'fast-check'
import { fillNormal, fillUniform, keyOf, Random } from '../../compiler/random.js'

// The expected values were computed by numpy (uint32 arrays) from the formulas at the top of compiler/random.ts.
const key = 3361082533

test('keys are those of numpy', (t) => {
  t.is(keyOf(1, 'init', 'logits.weight'), key)
  t.is(keyOf(), 1947474976)
  t.is(keyOf('é', 0.5), 3162071666)
})

test('values are those of numpy', (t) => {
  const random = new Random(key)
  t.deepEqual(
    Array.from({ length: 4 }, () => random.uint32()),
    [2712629035, 2236221178, 1882936098, 1615971116],
  )
  const uniform = new Float32Array(4)
  fillUniform(uniform, key, -0.5, 0.5)
  t.deepEqual([...uniform], [0.13158315420150757, 0.020660758018493652, -0.06159478425979614, -0.1237524151802063])
  const normal = new Float32Array(3)
  fillNormal(normal, key, 0, 1)
  t.deepEqual([...normal], [-0.9506051459865312, -0.9151716487084434, -1.671235406741562].map(Math.fround))
})

test('filling and drawing give the same numbers', (t) => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (any) => {
      const uniform = new Float32Array(9)
      fillUniform(uniform, any, 2, 5)
      const one = new Random(any)
      const normal = new Float32Array(9)
      fillNormal(normal, any, -1, 0.25)
      const other = new Random(any)
      for (let i = 0; i < 9; i++) {
        t.is(uniform[i], Math.fround(one.uniform(2, 5)))
        t.is(normal[i], Math.fround(-1 + 0.25 * other.normal()))
      }
    }),
    { numRuns: 50 },
  )
})

test('keys tell parts, their kinds and their borders apart', (t) => {
  const keys = [
    keyOf('ab', 'c'),
    keyOf('a', 'bc'),
    keyOf('abc'),
    keyOf(1),
    keyOf('1'),
    keyOf(1, 2),
    keyOf(2, 1),
    keyOf(12),
  ]
  t.is(new Set(keys).size, keys.length)
  t.is(keyOf(0), keyOf(-0))
})

test('numbers are spread as they should be', (t) => {
  const count = 1_000_000
  const uniform = new Float32Array(count)
  fillUniform(uniform, keyOf('spread'), 0, 1)
  const bins = new Array<number>(100).fill(0)
  for (const value of uniform) bins[Math.floor(value * 100)] = (bins[Math.floor(value * 100)] ?? 0) + 1
  const chi = bins.reduce((sum, n) => sum + (n - count / 100) ** 2 / (count / 100), 0)
  // 99 degrees of freedom: 160 is beyond one in ten thousand.
  t.true(chi < 160, `chi squared ${chi}`)

  const normal = new Float32Array(count)
  fillNormal(normal, keyOf('spread'), 3, 2)
  const mean = normal.reduce((sum, v) => sum + v, 0) / count
  const variance = normal.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count
  t.true(Math.abs(mean - 3) < 0.01, `mean ${mean}`)
  t.true(Math.abs(variance - 4) < 0.03, `variance ${variance}`)
})

test('shuffling keeps every item, and orders of three come equally often', (t) => {
  const seen = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = new Random(keyOf('shuffle', i)).shuffle(['a', 'b', 'c']).join('')
    seen.set(order, (seen.get(order) ?? 0) + 1)
  }
  t.deepEqual([...seen.keys()].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  for (const [order, count] of seen) t.true(Math.abs(count - 1000) < 150, `${order} came ${count} times`)
})

test('whole numbers stay below n, and n must be whole', (t) => {
  const random = new Random(keyOf('whole'))
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(7)))
  t.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6])
  for (const n of [0, -1, 1.5, Number.NaN]) t.throws(() => random.integer(n), { instanceOf: RangeError })
})

test('a fork does not depend on how far its parent was read', (t) => {
  const parent = new Random(keyOf('parent'))
  const before = parent.fork('child', 1).uint32()
  parent.uint32()
  t.is(parent.fork('child', 1).uint32(), before)
  t.not(parent.fork('child', 2).uint32(), before)
})
