import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { everywhere } from './support.js'

type Check = readonly [
  name: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  compute: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
]

/** TensorFlow.js operations that models and losses use: they have the same values and gradients on every engine. */
const checks: readonly Check[] = [
  ['product of matrices', { a: [3, 4], b: [4, 5] }, ({ a, b }) => tf.matMul(a as Tensor2D, b as Tensor2D)],
  ['product, first transposed', { a: [4, 3], b: [4, 5] }, ({ a, b }) => tf.matMul(a as Tensor2D, b as Tensor2D, true)],
  [
    'product, second transposed',
    { a: [3, 4], b: [5, 4] },
    ({ a, b }) => tf.matMul(a as Tensor2D, b as Tensor2D, false, true),
  ],
  ['products of a batch', { a: [2, 4, 3], b: [2, 4, 5] }, ({ a, b }) => tf.matMul(a as Tensor3D, b as Tensor3D, true)],
  ['rows gathered', { x: [5, 3] }, ({ x }) => tf.gather(x as Tensor2D, tf.tensor1d([4, 0, 4, 2], 'int32'))],
  ['tile', { x: [2, 3] }, ({ x }) => tf.tile(x as Tensor2D, [2, 3])],
  ['sum of an axis', { x: [2, 3, 4] }, ({ x }) => tf.sum(x as Tensor, 1)],
  ['mean of axes', { x: [2, 3, 4, 2] }, ({ x }) => tf.mean(x as Tensor, [1, 2], true)],
  ['largest of axes', { x: [2, 3, 4] }, ({ x }) => tf.max(x as Tensor, [1, 2])],
  ['power', { x: [7] }, ({ x }) => tf.pow(tf.add(tf.abs(x as Tensor), 0.5), 1.5)],
  ['square root', { x: [7] }, ({ x }) => tf.sqrt(tf.add(tf.abs(x as Tensor), 0.1))],
  ['inverse square root', { x: [7] }, ({ x }) => tf.rsqrt(tf.add(tf.abs(x as Tensor), 0.5))],
  [
    'signed square root',
    { x: [9] },
    ({ x }) => tf.mul(tf.sign(x as Tensor), tf.sqrt(tf.add(tf.abs(x as Tensor), 1e-2))),
  ],
  ['length', { x: [3, 5] }, ({ x }) => tf.div(x as Tensor, tf.norm(x as Tensor, 2, 1, true))],
  ['step', { x: [9] }, ({ x }) => tf.mul(x as Tensor, tf.step(x as Tensor))],
  [
    'choice',
    { a: [8], b: [8] },
    ({ a, b }) => tf.where(tf.tensor1d([1, 0, 1, 1, 0, 0, 1, 0], 'bool'), tf.mul(a as Tensor, 3), b as Tensor),
  ],
  ['one of many', { x: [4, 5] }, ({ x }) => tf.mul(x as Tensor, tf.oneHot(tf.tensor1d([1, 0, 4, 3], 'int32'), 5))],
  ['softmax', { x: [3, 6] }, ({ x }) => tf.softmax(x as Tensor)],
  ['logarithm of softmax', { x: [3, 6] }, ({ x }) => tf.logSoftmax(tf.mul(x as Tensor, 4))],
  [
    'sum of many',
    { a: [2, 3], b: [2, 3], c: [2, 3] },
    ({ a, b, c }) => tf.addN([a as Tensor, b as Tensor, c as Tensor]),
  ],
  ['concatenation', { a: [2, 3, 2], b: [2, 3, 4] }, ({ a, b }) => tf.concat([a as Tensor, b as Tensor], 2)],
  [
    'stack and split',
    { a: [2, 4], b: [2, 4] },
    ({ a, b }) => tf.split(tf.stack([a as Tensor, b as Tensor], 1), 2, 2)[1] as Tensor,
  ],
  ['transposition', { x: [2, 3, 4, 2] }, ({ x }) => tf.transpose(x as Tensor, [0, 3, 1, 2])],
  [
    'slice and pad',
    { x: [1, 5, 6, 2] },
    ({ x }) =>
      tf.pad(tf.slice(x as Tensor, [0, 1, 2, 0], [1, 3, 3, 2]), [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
  ],
  ['exponential and logarithm', { x: [6] }, ({ x }) => tf.log(tf.add(1, tf.exp(x as Tensor)))],
  ['sigmoid', { x: [6] }, ({ x }) => tf.sigmoid(x as Tensor)],
  ['limits', { x: [20] }, ({ x }) => tf.clipByValue(tf.mul(x as Tensor, 2), -1, 1)],
  [
    'larger and smaller',
    { a: [8], b: [8] },
    ({ a, b }) => tf.add(tf.maximum(a as Tensor, b as Tensor), tf.mul(2, tf.minimum(a as Tensor, b as Tensor))),
  ],
  [
    'broadcast',
    { x: [2, 3, 4, 2], y: [2] },
    ({ x, y }) => tf.div(tf.sub(x as Tensor, y as Tensor1D), tf.add(2, y as Tensor1D)),
  ],
  ['mean and variance', { x: [2, 3, 3, 2] }, ({ x }) => tf.moments(x as Tensor4D, [0, 1, 2]).variance],
]

for (const [name, inputs, compute] of checks)
  test.serial(name, (t) => everywhere(t, { inputs, compute, tolerance: 1e-3 }))

test.serial('crops', async (t) => {
  const boxes = () =>
    tf.tensor2d([
      [0.1, 0.2, 0.9, 0.7],
      [0, 0, 1, 1],
    ])
  // Images have no gradient; adding zero times the input gives the test an input with one.
  await everywhere(t, {
    inputs: { x: [2, 6, 7, 3] },
    compute: ({ x }) => {
      const image = tf.tensor4d(
        Float32Array.from({ length: 252 }, (_, i) => (i * 37) % 101),
        [2, 6, 7, 3],
      )
      return tf.add(
        tf.image.cropAndResize(image, boxes(), tf.tensor1d([1, 0], 'int32'), [4, 5]),
        tf.mul(0, tf.sum(x as Tensor)),
      )
    },
  })
})
