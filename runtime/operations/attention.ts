import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'
import { withoutGradient } from './without_gradient.js'

/** Sets values to zero with probability `rate` in training and scales up the rest. */
export function dropout<T extends tf.Tensor>(x: T, at: Scope, { rate = 0.5 }: { rate?: number } = {}): T {
  return at.training ? tf.mul(x, keepMask(at, x.shape, rate)) : x
}

/** Sets whole attention maps [batch, height, width, maps] to zero with probability `rate` in training and scales up the rest. */
export function attentionDropout(x: tf.Tensor4D, at: Scope, { rate = 0.5 }: { rate?: number } = {}): tf.Tensor4D {
  return at.training ? tf.mul(x, keepMask(at, [x.shape[0], 1, 1, x.shape[3]], rate)) : x
}

/** Sets all values of an image to zero with probability `rate` in training and scales up those of the others. */
export function dropPath<T extends tf.Tensor>(x: T, at: Scope, { rate = 0.5 }: { rate?: number } = {}): T {
  if (!at.training) return x
  return tf.mul(x, keepMask(at, [x.shape[0] as number, ...x.shape.slice(1).map(() => 1)], rate))
}

function keepMask(at: Scope, shape: number[], rate: number): tf.Tensor {
  const random = at.random()
  const mask = new Float32Array(shape.reduce((product, size) => product * size, 1))
  for (let i = 0; i < mask.length; i++) mask[i] = random.uniform() >= rate ? 1 / (1 - rate) : 0
  return tf.tensor(mask, shape)
}

/** Bilinear attention pooling of features [batch, h, w, N] by attention maps [batch, h, w, M]. Returns [batch, M, N]. */
export function bap(
  features: tf.Tensor4D,
  attention: tf.Tensor4D,
  { pool = 'mean' }: { pool?: string } = {},
): tf.Tensor3D {
  const [batch, height, width, channels] = features.shape
  const maps = attention.shape[3]
  if (pool === 'max') {
    // TensorFlow.js's gradient of a split into one part throws.
    const parts = maps === 1 ? [attention] : tf.split(attention, maps, 3)
    const each = parts.map((map) => largestOverSpace(tf.mul(features, map)))
    return tf.stack(each, 1) as tf.Tensor3D
  }
  const cells = height * width
  const sum = tf.matMul<tf.Tensor3D>(
    tf.reshape(attention, [batch, cells, maps]),
    tf.reshape(features, [batch, cells, channels]),
    true,
  )
  return pool === 'mean' ? tf.div(sum, cells) : sum
}

/**
 * The largest value of each map [batch, h, w, channels]; gives [batch, channels]. Equal cells share the gradient, as in PyTorch's amax;
 * TensorFlow.js gives each of them the whole, which is no gradient of the maximum.
 */
function largestOverSpace(maps: tf.Tensor4D): tf.Tensor2D {
  const largest = tf.customGrad((x, save) => {
    const value = tf.max(x as tf.Tensor, [1, 2], true)
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, value])
    return {
      value,
      gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => {
        const [cells, peak] = saved as [tf.Tensor, tf.Tensor]
        const isPeak = tf.cast(tf.equal(cells, peak), 'float32')
        return tf.mul(isPeak, tf.div(slope, tf.sum(isPeak, [1, 2], true)))
      },
    }
  })
  return tf.squeeze<tf.Tensor2D>(largest(maps), [1, 2])
}

/** Bilinear pooling: [batch, h, w, M] times [batch, h, w, N], averaged over space; gives [batch, M, N]. */
export function outerProduct(left: tf.Tensor4D, right: tf.Tensor4D): tf.Tensor3D {
  return bap(right, left)
}

/** N2(N1(X) X^T) X over the channels of [batch, h, w, channels]; as many maps as channels. */
export function trilinearAttention(x: tf.Tensor4D, { scale = 7 }: { scale?: number } = {}): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape
  const cells = tf.reshape(x, [batch, height * width, channels])
  const rows = tf.transpose(cells, [0, 2, 1])
  const overSpace = tf.softmax(tf.mul(rows, scale))
  const shares = tf.softmax(tf.matMul(overSpace, cells))
  const mixed = tf.matMul(shares, rows)
  return tf.reshape(tf.transpose(mixed, [0, 2, 1]), [batch, height, width, channels])
}

/** sign(x) sqrt(|x| + eps) */
export function signedSqrt<T extends tf.Tensor>(x: T, { eps = 1e-12 }: { eps?: number } = {}): T {
  return tf.mul(tf.sign(x), tf.sqrt(tf.add(tf.abs(x), eps)))
}

/** Scales values to length 1: all of an image together, or those along axes. */
export function l2Normalize<T extends tf.Tensor>(
  x: T,
  { eps = 1e-12 }: { eps?: number } = {},
  axes: number | number[] = Array.from({ length: x.rank - 1 }, (_, axis) => axis + 1),
): T {
  return tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), axes, true), eps)))
}

/** The value as it is, with no gradient going back through it. */
export function detach<T extends tf.Tensor>(x: T): T {
  return withoutGradient(() => tf.clone(x))
}
