import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import {
  type AvgPoolOptions,
  avgPool,
  globalAvgPool,
  type MaxPoolOptions,
  maxPool,
  relu,
  relu6,
} from '../../runtime/kernels/index.js'
import { expandPair } from '../../runtime/kernels/pair.js'
import { slowPool } from './slow.js'
import { everywhere } from './support.js'

type Shape = readonly [number, number, number, number]

const maxPools: readonly (readonly [name: string, x: Shape, options: MaxPoolOptions])[] = [
  ['3x3, stride 2, padded', [2, 7, 8, 3], { kernel: 3, stride: 2, padding: 1 }],
  ['3x3, stride 2, unpadded', [2, 8, 8, 2], { kernel: 3, stride: 2 }],
  ['2x2, stride as the kernel, odd size', [1, 5, 7, 2], { kernel: 2 }],
  ['3x3, stride 1, padded', [1, 4, 4, 2], { kernel: 3, stride: 1, padding: 1 }],
  ['ceil, last window beyond the input', [1, 6, 6, 2], { kernel: 3, stride: 2, ceil: true }],
  ['ceil, no window that starts in the padding', [1, 5, 5, 2], { kernel: 2, stride: 2, padding: 1, ceil: true }],
  ['horizontal', [2, 6, 5, 2], { kernel: [1, 3], stride: [1, 2], padding: [0, 1] }],
  ['on one pixel', [2, 1, 1, 3], { kernel: 3, stride: 1, padding: 1 }],
]

for (const [name, x, options] of maxPools)
  test.serial(`max pooling: ${name}`, (t) =>
    everywhere(t, {
      inputs: { x },
      compute: ({ x }) => maxPool(x as Tensor4D, options),
      expected: ({ x: numbers }) =>
        slowPool(
          numbers ?? [],
          x,
          {
            kernel: expandPair(options.kernel),
            stride: expandPair(options.stride ?? options.kernel),
            padding: expandPair(options.padding ?? 0),
            ceil: options.ceil ?? false,
          },
          (cells) => Math.max(...cells),
        ),
    }),
  )

test.serial('max pooling: padding is not the maximum of negative values', (t) =>
  everywhere(t, {
    inputs: { x: [1, 4, 4, 2] },
    compute: ({ x }) => maxPool(tf.sub(x as Tensor4D, 10), { kernel: 3, stride: 2, padding: 1 }),
    expected: ({ x }) =>
      slowPool(
        (x ?? new Float32Array()).map((number) => number - 10),
        [1, 4, 4, 2],
        { kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
        (cells) => Math.max(...cells),
      ),
  }),
)

const avgPools: readonly (readonly [name: string, x: Shape, options: AvgPoolOptions])[] = [
  ['3x3, padding included', [2, 5, 6, 3], { kernel: 3, stride: 1, padding: 1 }],
  ['3x3, padding excluded', [2, 5, 6, 3], { kernel: 3, stride: 1, padding: 1, countPadding: false }],
  ['stride 2, padding excluded', [1, 6, 7, 2], { kernel: 3, stride: 2, padding: 1, countPadding: false }],
  ['stride as the kernel, odd size', [1, 5, 5, 2], { kernel: 2 }],
  ['horizontal', [1, 5, 6, 2], { kernel: [1, 3], stride: 1, padding: [0, 1], countPadding: false }],
  ['on one pixel', [1, 1, 1, 2], { kernel: 3, stride: 1, padding: 1, countPadding: false }],
]

for (const [name, x, options] of avgPools)
  test.serial(`average pooling: ${name}`, (t) => {
    const kernel = expandPair(options.kernel)
    return everywhere(t, {
      inputs: { x },
      compute: ({ x }) => avgPool(x as Tensor4D, options),
      expected: ({ x: numbers }) =>
        slowPool(
          numbers ?? [],
          x,
          { kernel, stride: expandPair(options.stride ?? options.kernel), padding: expandPair(options.padding ?? 0) },
          (cells) => {
            const sum = cells.reduce((total, number) => total + number, 0)
            return sum / ((options.countPadding ?? true) ? kernel[0] * kernel[1] : cells.length)
          },
        ),
    })
  })

test.serial('global average pooling', (t) =>
  everywhere(t, { inputs: { x: [2, 3, 5, 4] }, compute: ({ x }) => globalAvgPool(x as Tensor4D) }),
)

for (const shape of [[2, 3, 4, 5], [7], [3, 4]])
  test.serial(`relu and relu6, rank ${shape.length}`, async (t) => {
    await everywhere(t, { inputs: { x: shape }, compute: ({ x }) => relu(tf.mul(x as tf.Tensor, 5)) })
    await everywhere(t, { inputs: { x: shape }, compute: ({ x }) => relu6(tf.mul(x as tf.Tensor, 9)) })
  })
