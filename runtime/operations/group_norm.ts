import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'
import { standardise } from './standardise.js'

/**
 * Normalises each group of neighbouring channels of each image, and scales and shifts each channel (Wu and He 2018). The channels are on the
 * given axis; the scope holds weight and bias.
 */
export function groupNorm<T extends tf.Tensor>(
  x: tf.Tensor,
  at: Scope,
  { groups, eps = 1e-5 }: { groups: number; eps?: number },
  axis: number,
): T {
  const channels = x.shape[axis] as number
  const before = x.shape.slice(1, axis).reduce((product, size) => product * size, 1)
  const grouped = tf.reshape(x, [x.shape[0] as number, before, groups, channels / groups, -1])
  const normalised = tf.reshape(standardise(grouped, [1, 3, 4], eps), x.shape)
  const along = x.shape.map((_, index) => (index === axis ? channels : 1))
  const scaled = tf.mul(normalised, tf.reshape(at.get('weight'), along))
  const result: tf.Tensor = tf.add(scaled, tf.reshape(at.get('bias'), along))
  return result as T
}
