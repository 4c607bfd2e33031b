import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { attribute, native, windowAttributes } from '../../runtime/kernels/native/execute.js'
import type { Both } from '../../runtime/kernels/pair.js'
import { keyOf, Random } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'

/** The addon's operations against their formulas in double precision, or TensorFlow's own, on sizes that fill several of their blocks. */

test.before(async () => {
  await openEngine('tfjs-node', silent)
})

type Shape = readonly [number, number, number, number]

function normals(name: string, count: number, mean = 0): Float32Array {
  const random = new Random(keyOf(11, name))
  return Float32Array.from({ length: count }, () => mean + random.normal())
}

function near(t: ExecutionContext, what: string, found: ArrayLike<number>, expected: Float64Array, tolerance: number) {
  t.is(found.length, expected.length, what)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const off = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (found[at] ?? Number.NaN))), 0)
  t.true(off <= tolerance * largest, `${what}: ${off} away, the largest is ${largest}`)
}

/** Sums over rows, channel by channel. */
function sums(rows: number, channels: number, of: (cell: number, channel: number) => number): Float64Array {
  const total = new Float64Array(channels)
  for (let cell = 0; cell < rows * channels; cell++) {
    const channel = cell % channels
    total[channel] = (total[channel] ?? 0) + of(cell, channel)
  }
  return total
}

const eps = 1e-3
const momentum = 0.1

const maps: readonly (readonly [shape: Shape, mean: number])[] = [
  [[2, 37, 29, 70], 0],
  [[3, 5, 7, 1500], 0],
  [[4, 65, 64, 3], 1000],
  [[1, 1, 9, 5000], -20],
  [[2, 1, 1, 16], 0],
  [[1, 1, 1, 4], 3],
]

for (const [shape, around] of maps)
  test.serial(`batch norm of ${shape.join(' x ')} around ${around}`, (t) => {
    const channels = shape[3]
    const rows = shape[0] * shape[1] * shape[2]
    const name = shape.join(' ')
    const x = normals(`x ${name}`, rows * channels, around)
    const dy = normals(`dy ${name}`, rows * channels)
    const [scale, offset, running] = ['scale', 'offset', 'running'].map((one) => normals(one, channels))
    if (!scale || !offset || !running) return t.fail()
    const mean = sums(rows, channels, (cell) => x[cell] ?? 0).map((sum) => sum / rows)
    const apart = (cell: number, c: number) => (x[cell] ?? 0) - (mean[c] ?? 0)
    const squares = sums(rows, channels, (cell, c) => apart(cell, c) ** 2)
    const inverse = squares.map((sum) => 1 / Math.sqrt(sum / rows + eps))
    const ofDy = sums(rows, channels, (cell) => dy[cell] ?? 0)
    const products = sums(rows, channels, (cell, c) => (dy[cell] ?? 0) * apart(cell, c) * (inverse[c] ?? 0))
    const each = (of: (cell: number, c: number) => number) =>
      Float64Array.from({ length: rows * channels }, (_, cell) => of(cell, cell % channels))
    const at = (list: ArrayLike<number>, c: number) => list[c] ?? 0

    tf.tidy(() => {
      const backend = native()
      const vectors = [scale, offset, running, running].map((values) => tf.tensor1d(values))
      const told = [attribute.float('eps', eps), attribute.float('momentum', momentum)]
      const input = tf.tensor4d(x, [...shape])
      const outputs = backend.executeMultipleOutputs('WsbanBatchNorm', told, [input, ...vectors], 5)
      // Single precision holds numbers around 1000 to 6e-5.
      const tolerance = 2e-6 * Math.max(1, Math.abs(around) / 10)
      const [y, movedMean, movedVariance] = outputs.map((output) => output.dataSync())
      const normal = each((cell, c) => apart(cell, c) * at(inverse, c) * at(scale, c) + at(offset, c))
      near(t, 'y', y ?? [], normal, tolerance)
      const moved = (batch: Float64Array) => batch.map((value, c) => 0.9 * at(running, c) + momentum * value)
      near(t, 'running mean', movedMean ?? [], moved(mean), 1e-6)
      near(t, 'variance', movedVariance ?? [], moved(squares.map((sum) => sum / Math.max(1, rows - 1))), 1e-5)
      const notes = outputs.slice(3)
      const [dx, dscale, doffset] = backend
        .executeMultipleOutputs(
          'WsbanBatchNormGrad',
          [],
          [tf.tensor4d(dy, [...shape]), input, ...vectors.slice(0, 1), ...notes],
          3,
        )
        .map((output) => output.dataSync())
      near(t, 'doffset', doffset ?? [], ofDy, 1e-5)
      near(t, 'dscale', dscale ?? [], products, 1e-4)
      const slope = each((cell, c) => {
        const left = (dy[cell] ?? 0) - at(ofDy, c) / rows - (apart(cell, c) * at(inverse, c) * at(products, c)) / rows
        return left * at(scale, c) * at(inverse, c)
      })
      if (rows > 1) near(t, 'dx', dx ?? [], slope, Math.max(1e-5, tolerance))
    })
  })

const windows: readonly (readonly [shape: Shape, kernel: Both, stride: Both, border: number])[] = [
  [[3, 17, 14, 5], [3, 3], [2, 2], 1],
  [[2, 16, 16, 33], [3, 3], [2, 2], 0],
  [[1, 9, 9, 1], [2, 3], [1, 2], 1],
  [[2, 8, 8, 64], [3, 3], [1, 1], 1],
]

for (const [shape, kernel, stride, edge] of windows)
  test.serial(
    `max pooling's gradient is TensorFlow's bit for bit, equal cells among them: ${shape.join(' x ')}`,
    (t) => {
      tf.tidy(() => {
        const backend = native()
        // Of a few values only: nearly every window has its largest more than once.
        const x = tf.round(tf.tensor4d(normals(`pool ${shape}`, tf.util.sizeFromShape([...shape])), [...shape]))
        const border = { top: edge, bottom: edge, left: edge, right: edge }
        const theirs = [...windowAttributes(stride, border), attribute.ints('ksize', [1, ...kernel, 1])]
        const y = backend.executeSingleOutput('MaxPool', theirs, [x])
        const dy = tf.tensor(normals('dy', y.size), y.shape)
        const ours = [
          attribute.ints('kernel', kernel),
          attribute.ints('stride', stride),
          attribute.ints('border', [edge, edge]),
        ]
        const expected = backend.executeSingleOutput('MaxPoolGrad', theirs, [x, y, dy]).dataSync()
        t.deepEqual(backend.executeSingleOutput('WsbanMaxPoolGrad', ours, [x, y, dy]).dataSync(), expected)
      })
    },
  )

test.serial('what does not fit together is refused', (t) => {
  const backend = native()
  tf.tidy(() => {
    const x = tf.zeros([1, 4, 4, 2])
    const two = tf.zeros([2])
    const told = [attribute.float('eps', eps), attribute.float('momentum', momentum)]
    const norm = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanBatchNorm', told, inputs, 5)
    t.throws(() => norm(x, tf.zeros([3]), two, two, two), { message: /^WsbanBatchNorm: a channel without its number/ })
    t.throws(() => norm(tf.zeros([4, 2]), two, two, two, two), { message: /four dimensions/ })
    const step = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanMomentumStep', [], inputs, 2)
    t.throws(() => step(two, two, tf.zeros([3]), tf.zeros([3])), { message: /differ in shape/ })
    t.throws(() => step(two, two, two, two), { message: /other numbers/ })
  })
})

test.serial('what is given up cannot be read, and what is not is left as it was', (t) => {
  const backend = native()
  tf.tidy(() => {
    const step = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanMomentumStep', [], inputs, 2)
    const numbers = tf.tensor1d([0.5, 0.9, 0])
    const [weight, velocity] = [tf.tensor1d([1, 2]), tf.tensor1d([0, 1])]
    const gradient = tf.tensor1d([1, -1])
    const [moved] = step(weight, velocity, gradient, numbers)
    t.deepEqual([...weight.dataSync()], [1, 2])
    backend.binding.giveUpInputs?.(2)
    const [again] = step(weight, velocity, gradient, numbers)
    t.deepEqual(again?.dataSync(), moved?.dataSync())
    t.throws(() => weight.dataSync(), { message: /was given up/ })
    t.deepEqual([...gradient.dataSync()], [1, -1])
  })
})
