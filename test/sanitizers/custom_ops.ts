import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { aside, attribute, native, windowAttributes } from '../../runtime/kernels/native/execute.js'
import type { Random } from '../../runtime/random.js'

const mostCells = 600_000

type Shape = readonly [number, number, number, number]

/** Fails with a message that a wrong number deserves. */
export class WrongResult extends Error {}

/** Edge sizes are as frequent as large ones. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)] as T
}

function mapShape(random: Random, most: number): Shape {
  const batch = pick(random, [1, 1, 2, 3, 8])
  const height = pick(random, [1, 2, 3, 5, 7, 16, 33])
  const width = pick(random, [1, 2, 4, 6, 9, 17, 32])
  const channels = pick(random, [...Array.from({ length: 17 }, (_, index) => index + 1), 31, 64, 130, 1500])
  const cells = batch * height * width * channels
  return cells > most
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

/** Per channel: the sum over all rows. */
function channelSums(cells: number, channels: number, of: (cell: number, channel: number) => number): Float64Array {
  const sums = new Float64Array(channels)
  for (let cell = 0; cell < cells; cell++) {
    const channel = cell % channels
    sums[channel] = (sums[channel] ?? 0) + of(cell, channel)
  }
  return sums
}

function batchNorm(random: Random, most = mostCells): void {
  const shape = mapShape(random, most)
  const channels = shape[3]
  const cells = shape.reduce((product, size) => product * size, 1)
  const rows = cells / channels
  const [x, dy] = [normals(random, cells), normals(random, cells)]
  const [scale, offset, running] = [normals(random, channels), normals(random, channels), normals(random, channels)]
  const at = (list: ArrayLike<number>, index: number) => list[index] ?? 0
  const mean = channelSums(cells, channels, (cell) => at(x, cell)).map((sum) => sum / rows)
  const apart = (cell: number, c: number) => at(x, cell) - at(mean, c)
  const inverse = channelSums(cells, channels, (cell, c) => apart(cell, c) ** 2).map(
    (sum) => 1 / Math.sqrt(sum / rows + 1e-3),
  )
  const offsets = channelSums(cells, channels, (cell) => at(dy, cell))
  const scales = channelSums(cells, channels, (cell, c) => at(dy, cell) * apart(cell, c) * at(inverse, c))
  tf.tidy(() => {
    const input = tf.tensor4d(x, [...shape])
    const slopes = tf.tensor4d(dy, [...shape])
    const vectors = [scale, offset, running, running].map((values) => tf.tensor1d(values))
    const settings = [attribute.float('eps', 1e-3), attribute.float('momentum', 0.1)]
    const forward = native().executeMultipleOutputs('WsbanBatchNorm', settings, [input, ...vectors], 5)
    const [y, , , batchMean, batchInverse] = forward as [Tensor, Tensor, Tensor, Tensor, Tensor]
    const compute = () =>
      native().executeMultipleOutputs(
        'WsbanBatchNormGrad',
        [],
        [slopes, input, vectors[0] as Tensor, batchMean, batchInverse],
        3,
      )
    const beside = random.integer(2) === 0
    // The side stream computes the gradient while the main one still has the forward values of the next case.
    const [dx, dscale, doffset] = (beside ? aside(compute) : compute()) as [Tensor, Tensor, Tensor]
    for (const one of [...vectors, input, slopes, batchMean, batchInverse]) one.dispose()
    const what = `batch norm of ${shape.join(' x ')}`
    const expected = x.map((_, cell) => {
      const c = cell % channels
      return apart(cell, c) * at(inverse, c) * at(scale, c) + at(offset, c)
    })
    near(`${what}: y`, y.dataSync(), expected, 2e-5)
    near(`${what}: offset gradient`, doffset.dataSync(), offsets, 2e-5)
    near(`${what}: scale gradient`, dscale.dataSync(), scales, 2e-4)
    if (rows > 1)
      near(
        `${what}: x gradient`,
        dx.dataSync(),
        dy.map((slope, cell) => {
          const c = cell % channels
          const rest = slope - at(offsets, c) / rows - (apart(cell, c) * at(inverse, c) * at(scales, c)) / rows
          return rest * at(scale, c) * at(inverse, c)
        }),
        1e-3,
      )
  })
}

function maxPoolGradient(random: Random, most = mostCells): void {
  const shape = mapShape(random, most)
  const kernel = [pick(random, [1, 2, 3, 5]), pick(random, [1, 2, 3])] as const
  const stride = [1 + random.integer(3), 1 + random.integer(3)] as const
  const edge = Math.min(random.integer(2), Math.floor(Math.min(...kernel) / 2))
  if (shape[1] + 2 * edge < kernel[0] || shape[2] + 2 * edge < kernel[1]) return
  tf.tidy(() => {
    const cells = shape.reduce((product, size) => product * size, 1)
    // Few distinct values: most windows hold their largest more than once.
    const x = tf.round(tf.tensor4d(normals(random, cells), [...shape]))
    const border = { top: edge, bottom: edge, left: edge, right: edge }
    const window = [...windowAttributes(stride, border), attribute.ints('ksize', [1, ...kernel, 1])]
    const y = native().executeSingleOutput('MaxPool', window, [x])
    const dy = tf.tensor(normals(random, y.size), y.shape)
    const own = [
      attribute.ints('kernel', kernel),
      attribute.ints('stride', stride),
      attribute.ints('border', [edge, edge]),
    ]
    const expected = native().executeSingleOutput('MaxPoolGrad', window, [x, y, dy])
    const found = native().executeSingleOutput('WsbanMaxPoolGrad', own, [x, y, dy])
    tf.dispose([x, y, dy])
    near(`max pool gradient of ${shape.join(' x ')}`, found.dataSync(), expected.dataSync(), 0)
  })
}

const steps = {
  WsbanMomentumStep: {
    numbers: [0.05, 0.9, 0.01],
    move([weight = 0, velocity = 0, gradient = 0]: readonly number[]) {
      const moved = 0.9 * velocity + gradient + 0.01 * weight
      return [weight - 0.05 * moved, moved]
    },
  },
  WsbanAdamStep: {
    numbers: [0.05, 0.1, 0.001, 1e-3, 0.01, 0.99],
    move([weight = 0, mean = 0, square = 0, gradient = 0]: readonly number[]) {
      const slope = gradient + 0.01 * weight
      const [m, s] = [mean + (slope - mean) * 0.1, square + (slope * slope - square) * 0.001]
      return [0.99 * weight - (0.05 * m) / (Math.sqrt(s) + 1e-3), m, s]
    },
  },
} as const

function optimizerStep(random: Random): void {
  const name = pick(random, ['WsbanMomentumStep', 'WsbanAdamStep'] as const)
  const { numbers, move } = steps[name]
  const outputs = name === 'WsbanAdamStep' ? 3 : 2
  const shape = pick(random, [[1], [2], [7], [16], [17], [3, 3, 5, 9], [33, 65], [200_001], []])
  const count = shape.reduce((product, size) => product * size, 1)
  const values = Array.from({ length: outputs + 1 }, () => normals(random, count))
  // The square of a gradient is never negative.
  if (outputs === 3) values[2] = values[2]?.map((value) => value * value) ?? new Float32Array()
  tf.tidy(() => {
    const inputs = values.map((list) => tf.tensor(list, shape))
    const settings = tf.tensor1d([...numbers])
    if (random.integer(2) === 0) native().binding.giveUpInputs?.(outputs)
    let moved: Tensor[]
    try {
      moved = native().executeMultipleOutputs(name, [], [...inputs, settings], outputs)
    } finally {
      native().binding.giveUpInputs?.(0)
    }
    for (const one of inputs) one.dispose()
    const expected = Array.from({ length: count }, (_, at) => move(values.map((list) => list[at] ?? 0)))
    for (const [index, output] of moved.entries())
      near(
        `${name} of ${shape.join(' x ')}: output ${index}`,
        output.dataSync(),
        expected.map((all) => all[index] ?? Number.NaN),
        1e-5,
      )
  })
}

function thrown(what: string, pattern: RegExp, compute: () => unknown): void {
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

/** Calls that must be refused, and a call after them that must not notice. */
function refused(random: Random): void {
  const backend = native()
  const [two, three] = [tf.zeros([2]), tf.zeros([3])]
  const maps = tf.zeros([1, 4, 4, 2])
  const settings = [attribute.float('eps', 1e-3), attribute.float('momentum', 0.1)]
  const window = [attribute.ints('kernel', [2, 2]), attribute.ints('stride', [1, 1]), attribute.ints('border', [0, 0])]
  thrown('a wrong number of channels', /WsbanBatchNorm/, () =>
    backend.executeMultipleOutputs('WsbanBatchNorm', settings, [maps, three, two, two, two], 5),
  )
  thrown('a vector as maps', /WsbanBatchNorm/, () =>
    backend.executeMultipleOutputs('WsbanBatchNorm', settings, [two, two, two, two, two], 5),
  )
  thrown('a gradient of another shape', /WsbanMaxPoolGrad/, () =>
    backend.executeSingleOutput('WsbanMaxPoolGrad', window, [maps, maps, tf.zeros([1, 3, 3, 2])]),
  )
  thrown('a list that is too short', /WsbanMaxPoolGrad/, () =>
    backend.executeSingleOutput('WsbanMaxPoolGrad', [attribute.ints('kernel', [2])], [maps, maps, maps]),
  )
  thrown('a step of mixed shapes', /WsbanMomentumStep/, () =>
    backend.executeMultipleOutputs('WsbanMomentumStep', [], [two, two, three, three], 2),
  )
  // Places are checked when they are computed, in the queue; the cache knows the shapes from the second time on.
  const gather = (places: readonly number[]) => {
    const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = backend.binding
    const types = Object.entries({ Tparams: TF_FLOAT, Tindices: TF_INT32, Taxis: TF_INT32 })
    const attributes = types.map(([name, value]) => ({ name, type: TF_ATTR_TYPE, value }))
    const inputs = [three, tf.tensor1d([...places], 'int32'), tf.scalar(0, 'int32')]
    return backend.executeSingleOutput('GatherV2', attributes, inputs)
  }
  tf.tidy(() => [gather([0, 1]).dataSync()].slice(1) as never[])
  thrown('a place outside', /is not in \[0, 3\)/, () => tf.add(gather([0, 3 + random.integer(5)]), 1).dataSync())
  const sum = tf.tidy(() => tf.add(two, 1).dataSync())
  near('after an error', sum, [1, 1], 0)
  tf.dispose([two, three, maps])
}

export const customOps = { batchNorm, maxPoolGradient, optimizerStep, refused } as const
