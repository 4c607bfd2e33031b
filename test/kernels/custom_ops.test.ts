import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { keyOf, Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { batchNorm, type FusedActivation, relu, relu6 } from '../../runtime/kernels/index.js'
import { attribute, native, shapeTensor, windowAttributes } from '../../runtime/kernels/native/execute.js'
import type { SpatialPair } from '../../runtime/kernels/pair.js'
import { hardSwish, silu } from '../../runtime/operations/pointwise.js'
import { silent } from '../../runtime/reporter.js'

/** Compares the custom ops with their formulas in double precision, or with TensorFlow's kernels, on sizes that fill several blocks. */

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

/** Returns the sum over all rows for each channel. */
function sums(rows: number, channels: number, of: (index: number, channel: number) => number): Float64Array {
  const total = new Float64Array(channels)
  for (let index = 0; index < rows * channels; index++) {
    const channel = index % channels
    total[channel] = (total[channel] ?? 0) + of(index, channel)
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
    const mean = sums(rows, channels, (index) => x[index] ?? 0).map((sum) => sum / rows)
    const deviation = (index: number, c: number) => (x[index] ?? 0) - (mean[c] ?? 0)
    const squares = sums(rows, channels, (index, c) => deviation(index, c) ** 2)
    const inverse = squares.map((sum) => 1 / Math.sqrt(sum / rows + eps))
    const dySums = sums(rows, channels, (index) => dy[index] ?? 0)
    const products = sums(rows, channels, (index, c) => (dy[index] ?? 0) * deviation(index, c) * (inverse[c] ?? 0))
    const each = (of: (index: number, c: number) => number) =>
      Float64Array.from({ length: rows * channels }, (_, index) => of(index, index % channels))
    const at = (list: ArrayLike<number>, c: number) => list[c] ?? 0

    tf.tidy(() => {
      const backend = native()
      const vectors = [scale, offset, running, running].map((values) => tf.tensor1d(values))
      const attributes = [
        attribute.float('eps', eps),
        attribute.float('momentum', momentum),
        attribute.text('activation', 'none'),
      ]
      const input = tf.tensor4d(x, [...shape])
      const outputs = backend.executeMultipleOutputs('WsbanBatchNorm', attributes, [input, ...vectors], 5)
      // Single precision holds numbers around 1000 to 6e-5.
      const tolerance = 2e-6 * Math.max(1, Math.abs(around) / 10)
      const [y, newRunningMean, newRunningVariance] = outputs.map((output) => output.dataSync())
      const normalised = each((index, c) => deviation(index, c) * at(inverse, c) * at(scale, c) + at(offset, c))
      near(t, 'y', y ?? [], normalised, tolerance)
      const updated = (batch: Float64Array) => batch.map((value, c) => 0.9 * at(running, c) + momentum * value)
      near(t, 'running mean', newRunningMean ?? [], updated(mean), 1e-6)
      near(t, 'variance', newRunningVariance ?? [], updated(squares.map((sum) => sum / Math.max(1, rows - 1))), 1e-5)
      const saved = outputs.slice(3)
      const [dx, dscale, doffset] = backend
        .executeMultipleOutputs(
          'WsbanBatchNormGrad',
          [attribute.text('activation', 'none')],
          [tf.tensor4d(dy, [...shape]), input, ...vectors.slice(0, 2), ...saved],
          3,
        )
        .map((output) => output.dataSync())
      near(t, 'doffset', doffset ?? [], dySums, 1e-5)
      near(t, 'dscale', dscale ?? [], products, 1e-4)
      const inputGradient = each((index, c) => {
        const left =
          (dy[index] ?? 0) - at(dySums, c) / rows - (deviation(index, c) * at(inverse, c) * at(products, c)) / rows
        return left * at(scale, c) * at(inverse, c)
      })
      if (rows > 1) near(t, 'dx', dx ?? [], inputGradient, Math.max(1e-5, tolerance))
    })
  })

for (const [activation, separate] of [
  ['relu', relu],
  ['relu6', relu6],
  ['silu', silu],
  ['hard_swish', hardSwish],
] as const)
  for (const shape of [
    [2, 7, 5, 13],
    [3, 20, 20, 96],
  ] as const)
    test.serial(`batch norm with ${activation} is batch norm, then ${activation}: ${shape.join(' x ')}`, (t) => {
      tf.tidy(() => {
        const channels = shape[3]
        // Factors of 4 reach both bends of relu6 and hard swish.
        const x = tf.tensor4d(normals('x', tf.util.sizeFromShape([...shape])), [...shape])
        const dy = tf.tensor4d(normals('dy', x.size), [...shape])
        const scale = tf.mul(tf.tensor1d(normals('scale', channels)), 4) as tf.Tensor1D
        const offset = tf.tensor1d(normals('offset', channels))
        const norm = (x: tf.Tensor4D, scale: tf.Tensor1D, offset: tf.Tensor1D, activation?: FusedActivation) => {
          const mean = tf.variable(tf.zeros<tf.Rank.R1>([channels]), false)
          const variance = tf.variable(tf.ones<tf.Rank.R1>([channels]), false)
          const options = { eps, momentum, training: true, ...(activation && { activation }) }
          return batchNorm(x, { scale, offset, mean, variance }, options)
        }
        const fused = (...[x, scale, offset]: tf.Tensor[]) =>
          norm(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, activation)
        const composed = (...[x, scale, offset]: tf.Tensor[]) =>
          separate(norm(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D))
        const inputs = [x, scale, offset]
        near(t, 'y', fused(...inputs).dataSync(), Float64Array.from(composed(...inputs).dataSync()), 1e-6)
        const [ours, theirs] = [fused, composed].map((f) =>
          tf
            .grads(f)(inputs, dy)
            .map((gradient) => gradient.dataSync()),
        )
        for (const [index, name] of ['dx', 'dscale', 'doffset'].entries())
          near(t, name, ours?.[index] ?? [], Float64Array.from(theirs?.[index] ?? []), 1e-5)
      })
    })

const depthwise: readonly (readonly [shape: Shape, kernel: SpatialPair, stride: number, edge: number])[] = [
  [[2, 9, 11, 5], [3, 3], 1, 1],
  [[3, 30, 29, 33], [3, 5], 2, 2],
  [[1, 8, 8, 64], [5, 5], 1, 4],
  [[2, 7, 6, 16], [3, 3], 3, 0],
]

for (const [shape, kernel, stride, edge] of depthwise)
  test.serial(
    `the weight gradient of a depthwise convolution: ${shape.join(' x ')}, kernel ${kernel.join(' x ')}`,
    (t) => {
      tf.tidy(() => {
        const backend = native()
        const x = tf.tensor4d(normals('x', tf.util.sizeFromShape([...shape])), [...shape])
        const filter = [kernel[0], kernel[1], shape[3], 1]
        const padding = { top: edge, bottom: edge, left: edge, right: edge }
        const theirs = [...windowAttributes([stride, stride], padding), attribute.ints('dilations', [1, 1, 1, 1])]
        const y = backend.executeSingleOutput('DepthwiseConv2dNative', theirs, [x, tf.ones(filter)])
        const dy = tf.tensor(normals('dy', y.size), y.shape)
        const expected = backend.executeSingleOutput('DepthwiseConv2dNativeBackpropFilter', theirs, [
          x,
          shapeTensor(filter),
          dy,
        ])
        const ours = backend.executeSingleOutput(
          'WsbanDepthwiseWeightGrad',
          [
            attribute.ints('kernel', kernel),
            attribute.ints('stride', [stride, stride]),
            attribute.ints('padding', [edge, edge]),
          ],
          [x, dy],
        )
        t.deepEqual(ours.shape, filter)
        near(t, 'dweight', ours.dataSync(), Float64Array.from(expected.dataSync()), 1e-5)
      })
    },
  )

const windows: readonly (readonly [shape: Shape, kernel: SpatialPair, stride: SpatialPair, edge: number])[] = [
  [[3, 17, 14, 5], [3, 3], [2, 2], 1],
  [[2, 16, 16, 33], [3, 3], [2, 2], 0],
  [[1, 9, 9, 1], [2, 3], [1, 2], 1],
  [[2, 8, 8, 64], [3, 3], [1, 1], 1],
]

for (const [shape, kernel, stride, edge] of windows)
  test.serial(`the gradient of max pooling is TensorFlow's bit for bit, with ties: ${shape.join(' x ')}`, (t) => {
    tf.tidy(() => {
      const backend = native()
      // There are few distinct values, so nearly every window has several maxima.
      const x = tf.round(tf.tensor4d(normals(`pool ${shape}`, tf.util.sizeFromShape([...shape])), [...shape]))
      const padding = { top: edge, bottom: edge, left: edge, right: edge }
      const theirs = [...windowAttributes(stride, padding), attribute.ints('ksize', [1, ...kernel, 1])]
      const y = backend.executeSingleOutput('MaxPool', theirs, [x])
      const dy = tf.tensor(normals('dy', y.size), y.shape)
      const ours = [
        attribute.ints('kernel', kernel),
        attribute.ints('stride', stride),
        attribute.ints('padding', [edge, edge]),
      ]
      const expected = backend.executeSingleOutput('MaxPoolGrad', theirs, [x, y, dy]).dataSync()
      t.deepEqual(backend.executeSingleOutput('WsbanMaxPoolGrad', ours, [x, y, dy]).dataSync(), expected)
    })
  })

test.serial('inputs of inconsistent shapes are rejected', (t) => {
  const backend = native()
  tf.tidy(() => {
    const x = tf.zeros([1, 4, 4, 2])
    const two = tf.zeros([2])
    const attributes = [
      attribute.float('eps', eps),
      attribute.float('momentum', momentum),
      attribute.text('activation', 'none'),
    ]
    const norm = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanBatchNorm', attributes, inputs, 5)
    t.throws(() => norm(x, tf.zeros([3]), two, two, two), {
      message: /^WsbanBatchNorm: expected 2 values per channel vector, got 3/,
    })
    t.throws(() => norm(tf.zeros([4, 2]), two, two, two, two), {
      message: /expected feature maps of rank 4, got rank 2/,
    })
    const step = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanMomentumStep', [], inputs, 2)
    t.throws(() => step(two, two, tf.zeros([3]), tf.zeros([3])), { message: /different shapes/ })
    t.throws(() => step(two, two, two, two), { message: /expected 3 hyperparameters, got 2/ })
  })
})

test.serial('a donated input cannot be read, and other inputs keep their values', (t) => {
  const backend = native()
  tf.tidy(() => {
    const step = (...inputs: tf.Tensor[]) => backend.executeMultipleOutputs('WsbanMomentumStep', [], inputs, 2)
    const hyperparameters = tf.tensor1d([0.5, 0.9, 0])
    const [weight, velocity] = [tf.tensor1d([1, 2]), tf.tensor1d([0, 1])]
    const gradient = tf.tensor1d([1, -1])
    const [expected] = step(weight, velocity, gradient, hyperparameters)
    t.deepEqual([...weight.dataSync()], [1, 2])
    backend.binding.donateInputs?.(2)
    const [again] = step(weight, velocity, gradient, hyperparameters)
    t.deepEqual(again?.dataSync(), expected?.dataSync())
    t.throws(() => weight.dataSync(), { message: /was donated to an earlier call/ })
    t.deepEqual([...gradient.dataSync()], [1, -1])
  })
})
