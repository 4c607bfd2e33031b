import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'

/** Divides the values along an axis by the root of their mean square, and scales them (Zhang and Sennrich 2019). The scope holds weight. */
export function rmsNorm<T extends tf.Tensor>(
  x: tf.Tensor,
  at: Scope,
  { eps = 1e-6 }: { eps?: number } = {},
  axis: number = x.rank - 1,
): T {
  const factor = tf.rsqrt(tf.add(tf.mean(tf.square(x), axis, true), eps))
  const along = x.shape.map((_, index) => (index === axis ? -1 : 1))
  const result: tf.Tensor = tf.mul(tf.mul(x, factor), tf.reshape(at.get('weight'), along))
  return result as T
}
