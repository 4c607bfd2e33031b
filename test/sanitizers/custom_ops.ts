import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../compiler/random.js'
import { nativeAttention } from '../../runtime/kernels/native/attention.js'
import { attribute, native, onSideStream, windowAttributes } from '../../runtime/kernels/native/execute.js'

const maxElements = 600_000

type Shape = readonly [number, number, number, number]

/** A custom op computed a wrong value. */
export class WrongResult extends Error {}

/** Returns a random element of the list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)] as T
}

function mapShape(random: Random, max: number): Shape {
  const batch = pick(random, [1, 1, 2, 3, 8])
  const height = pick(random, [1, 2, 3, 5, 7, 16, 33])
  const width = pick(random, [1, 2, 4, 6, 9, 17, 32])
  const channels = pick(random, [...Array.from({ length: 17 }, (_, index) => index + 1), 31, 64, 130, 1500])
  const elements = batch * height * width * channels
  return elements > max
    ? [Math.min(batch, 2), Math.min(height, 5), Math.min(width, 4), channels]
    : [batch, height, width, channels]
}

function normals(random: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal())
}

function near(what: string, found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  if (found.length !== expected.length) throw new WrongResult(`${what}: ${found.length} values, not ${expected.length}`)
  let scale = 1
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i] ?? 0))
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? 0))
    if (!(off <= tolerance * scale)) throw new WrongResult(`${what}: value ${i} is ${found[i]}, not ${expected[i]}`)
  }
}

/** Returns the sum over all rows for each channel. */
function channelSums(elements: number, channels: number, of: (index: number, channel: number) => number): Float64Array {
  const sums = new Float64Array(channels)
  for (let index = 0; index < elements; index++) {
    const channel = index % channels
    sums[channel] = (sums[channel] ?? 0) + of(index, channel)
  }
  return sums
}

function batchNorm(random: Random, max = maxElements): void {
  const shape = mapShape(random, max)
  const channels = shape[3]
  const elements = shape.reduce((product, size) => product * size, 1)
  const rows = elements / channels
  const [x, dy] = [normals(random, elements), normals(random, elements)]
  const [scale, offset, running] = [normals(random, channels), normals(random, channels), normals(random, channels)]
  const at = (list: ArrayLike<number>, index: number) => list[index] ?? 0
  const mean = channelSums(elements, channels, (index) => at(x, index)).map((sum) => sum / rows)
  const deviation = (index: number, c: number) => at(x, index) - at(mean, c)
  const inverse = channelSums(elements, channels, (index, c) => deviation(index, c) ** 2).map(
    (sum) => 1 / Math.sqrt(sum / rows + 1e-3),
  )
  const offsets = channelSums(elements, channels, (index) => at(dy, index))
  const scales = channelSums(elements, channels, (index, c) => at(dy, index) * deviation(index, c) * at(inverse, c))
  tf.tidy(() => {
    const input = tf.tensor4d(x, [...shape])
    const gradient = tf.tensor4d(dy, [...shape])
    const vectors = [scale, offset, running, running].map((values) => tf.tensor1d(values))
    const settings = [
      attribute.float('eps', 1e-3),
      attribute.float('momentum', 0.1),
      attribute.text('activation', 'none'),
    ]
    const forward = native().executeMultipleOutputs('WsbanBatchNorm', settings, [input, ...vectors], 5)
    const [y, , , batchMean, batchInverse] = forward as [Tensor, Tensor, Tensor, Tensor, Tensor]
    const compute = () =>
      native().executeMultipleOutputs(
        'WsbanBatchNormGrad',
        [attribute.text('activation', 'none')],
        [gradient, input, vectors[0] as Tensor, vectors[1] as Tensor, batchMean, batchInverse],
        3,
      )
    const onSide = random.integer(2) === 0
    // The side stream may compute the gradient while the main stream computes the forward pass of the next case.
    const [dx, dscale, doffset] = (onSide ? onSideStream(compute) : compute()) as [Tensor, Tensor, Tensor]
    for (const one of [...vectors, input, gradient, batchMean, batchInverse]) one.dispose()
    const what = `batch norm of ${shape.join(' x ')}`
    const expected = x.map((_, index) => {
      const c = index % channels
      return deviation(index, c) * at(inverse, c) * at(scale, c) + at(offset, c)
    })
    near(`${what}: y`, y.dataSync(), expected, 2e-5)
    near(`${what}: offset gradient`, doffset.dataSync(), offsets, 2e-5)
    near(`${what}: scale gradient`, dscale.dataSync(), scales, 2e-4)
    if (rows > 1)
      near(
        `${what}: x gradient`,
        dx.dataSync(),
        dy.map((gradient, index) => {
          const c = index % channels
          const rest = gradient - at(offsets, c) / rows - (deviation(index, c) * at(inverse, c) * at(scales, c)) / rows
          return rest * at(scale, c) * at(inverse, c)
        }),
        1e-3,
      )
  })
}

const activations = {
  relu: tf.relu,
  relu6: tf.relu6,
  silu: (x: Tensor) => tf.mul(x, tf.sigmoid(x)),
  hard_swish: (x: Tensor) => tf.mul(x, tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)),
} as const

/** Compares batch norm with an activation with the two of them, one after the other. */
function activatedBatchNorm(random: Random, max = maxElements): void {
  const shape = mapShape(random, max)
  const channels = shape[3]
  const name = pick(random, ['relu', 'relu6', 'silu', 'hard_swish'] as const)
  tf.tidy(() => {
    const elements = shape.reduce((product, size) => product * size, 1)
    const x = tf.tensor4d(normals(random, elements), [...shape])
    const dy = tf.tensor4d(normals(random, elements), [...shape])
    const scale = tf.tensor1d(normals(random, channels).map((value) => 4 * value))
    const offset = tf.tensor1d(normals(random, channels))
    const running = tf.zeros([channels])
    const forward = (activation: string) => {
      const numbers = [attribute.float('eps', 1e-3), attribute.float('momentum', 0.1)]
      const all = [...numbers, attribute.text('activation', activation)]
      return native().executeMultipleOutputs('WsbanBatchNorm', all, [x, scale, offset, running, running], 5)
    }
    const backward = (activation: string, gradient: Tensor, [, , , mean, inverse]: readonly Tensor[]) => {
      const inputs = [gradient, x, scale, offset, mean as Tensor, inverse as Tensor]
      return native().executeMultipleOutputs(
        'WsbanBatchNormGrad',
        [attribute.text('activation', activation)],
        inputs,
        3,
      )
    }
    const [plain, fused] = [forward('none'), forward(name)]
    const [normalised, activated] = [plain[0] as Tensor, fused[0] as Tensor]
    const what = `batch norm of ${shape.join(' x ')} with ${name}`
    near(`${what}: y`, activated.dataSync(), activations[name](normalised).dataSync(), 1e-6)
    const expected = backward('none', tf.grad(activations[name])(normalised, dy), plain)
    for (const [index, gradient] of backward(name, dy, fused).entries())
      near(`${what}: gradient ${index}`, gradient.dataSync(), expected[index]?.dataSync() ?? [], 1e-4)
  })
}

function depthwiseWeightGradient(random: Random, max = maxElements): void {
  const shape = mapShape(random, max)
  const kernel = [pick(random, [1, 2, 3, 5, 7]), pick(random, [1, 3, 5])] as const
  const stride = 1 + random.integer(3)
  const edge = random.integer(Math.min(...kernel))
  // oneDNN's kernel for 1x1 filters with a stride reads past the end of its buffers.
  if (kernel[0] * kernel[1] === 1 && stride > 1) return
  if (shape[1] + 2 * edge < kernel[0] || shape[2] + 2 * edge < kernel[1]) return
  tf.tidy(() => {
    const x = tf.tensor4d(
      normals(
        random,
        shape.reduce((product, size) => product * size, 1),
      ),
      [...shape],
    )
    const padding = { top: edge, bottom: edge, left: edge, right: edge }
    const window = [...windowAttributes([stride, stride], padding), attribute.ints('dilations', [1, 1, 1, 1])]
    const filter = [...kernel, shape[3], 1]
    const rows = Math.floor((shape[1] + 2 * edge - kernel[0]) / stride) + 1
    const columns = Math.floor((shape[2] + 2 * edge - kernel[1]) / stride) + 1
    const size = [shape[0], rows, columns, shape[3]]
    const dy = tf.tensor(normals(random, tf.util.sizeFromShape(size)), size)
    const custom = [
      attribute.ints('kernel', kernel),
      attribute.ints('stride', [stride, stride]),
      attribute.ints('padding', [edge, edge]),
    ]
    const expected = native().executeSingleOutput('DepthwiseConv2dNativeBackpropFilter', window, [
      x,
      tf.tensor1d(filter, 'int32'),
      dy,
    ])
    const found = native().executeSingleOutput('WsbanDepthwiseWeightGrad', custom, [x, dy])
    tf.dispose([x, dy])
    near(`depthwise weight gradient of ${shape.join(' x ')}`, found.dataSync(), expected.dataSync(), 1e-4)
  })
}

function maxPoolGradient(random: Random, max = maxElements): void {
  const shape = mapShape(random, max)
  const kernel = [pick(random, [1, 2, 3, 5]), pick(random, [1, 2, 3])] as const
  const stride = [1 + random.integer(3), 1 + random.integer(3)] as const
  const edge = Math.min(random.integer(2), Math.floor(Math.min(...kernel) / 2))
  if (shape[1] + 2 * edge < kernel[0] || shape[2] + 2 * edge < kernel[1]) return
  tf.tidy(() => {
    const elements = shape.reduce((product, size) => product * size, 1)
    // There are few distinct values, so most windows have several maxima.
    const x = tf.round(tf.tensor4d(normals(random, elements), [...shape]))
    const padding = { top: edge, bottom: edge, left: edge, right: edge }
    const window = [...windowAttributes(stride, padding), attribute.ints('ksize', [1, ...kernel, 1])]
    const y = native().executeSingleOutput('MaxPool', window, [x])
    const dy = tf.tensor(normals(random, y.size), y.shape)
    const custom = [
      attribute.ints('kernel', kernel),
      attribute.ints('stride', stride),
      attribute.ints('padding', [edge, edge]),
    ]
    const expected = native().executeSingleOutput('MaxPoolGrad', window, [x, y, dy])
    const found = native().executeSingleOutput('WsbanMaxPoolGrad', custom, [x, y, dy])
    tf.dispose([x, y, dy])
    near(`max pool gradient of ${shape.join(' x ')}`, found.dataSync(), expected.dataSync(), 0)
  })
}

const steps = {
  WsbanMomentumStep: {
    hyperparameters: [0.05, 0.9, 0.01],
    update([weight = 0, velocity = 0, gradient = 0]: readonly number[]) {
      const updated = 0.9 * velocity + gradient + 0.01 * weight
      return [weight - 0.05 * updated, updated]
    },
  },
  WsbanAdamStep: {
    hyperparameters: [0.05, 0.1, 0.001, 1e-3, 0.01, 0.99],
    update([weight = 0, mean = 0, square = 0, gradient = 0]: readonly number[]) {
      const g = gradient + 0.01 * weight
      const [m, s] = [mean + (g - mean) * 0.1, square + (g * g - square) * 0.001]
      return [0.99 * weight - (0.05 * m) / (Math.sqrt(s) + 1e-3), m, s]
    },
  },
} as const

function optimizerStep(random: Random): void {
  const name = pick(random, ['WsbanMomentumStep', 'WsbanAdamStep'] as const)
  const { hyperparameters, update } = steps[name]
  const outputs = name === 'WsbanAdamStep' ? 3 : 2
  const shape = pick(random, [[1], [2], [7], [16], [17], [3, 3, 5, 9], [33, 65], [200_001], []])
  const count = shape.reduce((product, size) => product * size, 1)
  const values = Array.from({ length: outputs + 1 }, () => normals(random, count))
  // The square of a gradient is never negative.
  if (outputs === 3) values[2] = values[2]?.map((value) => value * value) ?? new Float32Array()
  tf.tidy(() => {
    const inputs = values.map((list) => tf.tensor(list, shape))
    const settings = tf.tensor1d([...hyperparameters])
    if (random.integer(2) === 0) native().binding.donateInputs?.(outputs)
    let updated: Tensor[]
    try {
      updated = native().executeMultipleOutputs(name, [], [...inputs, settings], outputs)
    } finally {
      native().binding.donateInputs?.(0)
    }
    for (const one of inputs) one.dispose()
    const expected = Array.from({ length: count }, (_, at) => update(values.map((list) => list[at] ?? 0)))
    for (const [index, output] of updated.entries())
      near(
        `${name} of ${shape.join(' x ')}: output ${index}`,
        output.dataSync(),
        expected.map((all) => all[index] ?? Number.NaN),
        1e-5,
      )
  })
}

/** Compares attention, with and without a bias, and its gradients with the products and softmax of TensorFlow. One head, as several are parts of rows. */
function attention(random: Random): void {
  const [images, queries, keys] = [pick(random, [1, 2, 5]), pick(random, [1, 3, 33, 130]), pick(random, [1, 7, 32, 65])]
  const [features, values] = [pick(random, [1, 16, 33]), pick(random, [1, 8, 64])]
  const biases: readonly number[][] = [[0], [images, 1, queries, keys], [1, 1, 1, keys], [1, 1, queries, 1]]
  tf.tidy(() => {
    const tensor = (shape: number[]) => tf.tensor(normals(random, tf.util.sizeFromShape(shape)), shape)
    const [q, k, v] = [
      tensor([images, queries, features]),
      tensor([images, keys, features]),
      tensor([images, keys, values]),
    ]
    const bias = tensor(pick(random, biases))
    const dout = tensor([images, queries, values])
    const ours = (q: Tensor, k: Tensor, v: Tensor, bias: Tensor) =>
      nativeAttention({ q, k, v, bias }, { heads: 1, scale: 0.5 })
    const theirs = (q: Tensor, k: Tensor, v: Tensor, bias: Tensor) => {
      const scores: Tensor = tf.mul(tf.matMul(q, k, false, true), 0.5)
      const biased = bias.size === 0 ? scores : tf.add(scores, tf.reshape(bias, [-1, ...bias.shape.slice(2)]))
      return tf.matMul(tf.softmax(biased), v)
    }
    const what = `attention of ${images} x ${queries} x ${keys}, features ${features} and ${values}, bias ${bias.shape.join(' x ')}`
    near(`${what}: value`, ours(q, k, v, bias).dataSync(), theirs(q, k, v, bias).dataSync(), 1e-5)
    const inputs = bias.size === 0 ? [q, k, v] : [q, k, v, bias]
    const gradients = [ours, theirs].map((of) =>
      tf.grads((...all: Tensor[]) => of(all[0] as Tensor, all[1] as Tensor, all[2] as Tensor, all[3] ?? bias))(
        inputs,
        dout,
      ),
    )
    for (const [index, gradient] of (gradients[0] ?? []).entries())
      near(`${what}: gradient ${index}`, gradient.dataSync(), gradients[1]?.[index]?.dataSync() ?? [], 1e-4)
  })
}

function expectError(what: string, pattern: RegExp, compute: () => unknown): void {
  try {
    tf.tidy(() => {
      compute()
      return []
    })
  } catch (error) {
    if (error instanceof Error && pattern.test(error.message)) return
    throw error
  }
  throw new WrongResult(`${what} was accepted`)
}

/** Calls that must be rejected, without an effect on the call after them. */
function rejected(random: Random): void {
  const backend = native()
  const [two, three] = [tf.zeros([2]), tf.zeros([3])]
  const maps = tf.zeros([1, 4, 4, 2])
  const settings = [
    attribute.float('eps', 1e-3),
    attribute.float('momentum', 0.1),
    attribute.text('activation', 'none'),
  ]
  const window = [attribute.ints('kernel', [2, 2]), attribute.ints('stride', [1, 1]), attribute.ints('padding', [0, 0])]
  expectError('a wrong number of channels', /WsbanBatchNorm/, () =>
    backend.executeMultipleOutputs('WsbanBatchNorm', settings, [maps, three, two, two, two], 5),
  )
  expectError('a vector as maps', /WsbanBatchNorm/, () =>
    backend.executeMultipleOutputs('WsbanBatchNorm', settings, [two, two, two, two, two], 5),
  )
  expectError('an unknown activation', /no batch norm with the activation tanhh/, () => {
    const others = [...settings.slice(0, 2), attribute.text('activation', 'tanhh')]
    return backend.executeMultipleOutputs('WsbanBatchNorm', others, [maps, two, two, two, two], 5)
  })
  expectError('a depthwise gradient of another batch', /WsbanDepthwiseWeightGrad/, () =>
    backend.executeSingleOutput('WsbanDepthwiseWeightGrad', window, [maps, tf.zeros([2, 3, 3, 2])]),
  )
  expectError('a gradient of another shape', /WsbanMaxPoolGrad/, () =>
    backend.executeSingleOutput('WsbanMaxPoolGrad', window, [maps, maps, tf.zeros([1, 3, 3, 2])]),
  )
  expectError('a list that is too short', /WsbanMaxPoolGrad/, () =>
    backend.executeSingleOutput('WsbanMaxPoolGrad', [attribute.ints('kernel', [2])], [maps, maps, maps]),
  )
  expectError('a step of mixed shapes', /WsbanMomentumStep/, () =>
    backend.executeMultipleOutputs('WsbanMomentumStep', [], [two, two, three, three], 2),
  )
  // The kernel checks the indices, asynchronously from the second call on, when the shapes are cached.
  const gather = (indices: readonly number[]) => {
    const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = backend.binding
    const types = Object.entries({ Tparams: TF_FLOAT, Tindices: TF_INT32, Taxis: TF_INT32 })
    const attributes = types.map(([name, value]) => ({ name, type: TF_ATTR_TYPE, value }))
    const inputs = [three, tf.tensor1d([...indices], 'int32'), tf.scalar(0, 'int32')]
    return backend.executeSingleOutput('GatherV2', attributes, inputs)
  }
  tf.tidy(() => [gather([0, 1]).dataSync()].slice(1) as never[])
  expectError('an index out of range', /is not in \[0, 3\)/, () =>
    tf.add(gather([0, 3 + random.integer(5)]), 1).dataSync(),
  )
  const sum = tf.tidy(() => tf.add(two, 1).dataSync())
  near('after an error', sum, [1, 1], 0)
  tf.dispose([two, three, maps])
}

export const customOps = {
  activatedBatchNorm,
  attention,
  batchNorm,
  depthwiseWeightGradient,
  maxPoolGradient,
  optimizerStep,
  rejected,
} as const
