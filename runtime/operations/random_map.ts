import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'

/**
 * Selects one of the maps [batch, h, w, maps] of each image, [batch, h, w]: in training at random with probability proportional to (spatial
 * mean)^power, in inference the one with the largest mean.
 */
export function randomMap(attention: tf.Tensor4D, at: Scope, { power = 0.5 }: { power?: number } = {}): tf.Tensor3D {
  const [batch, , , maps] = attention.shape
  const strength = tf.tidy(() => tf.mean(attention, [1, 2]).dataSync())
  const random = at.random()
  const chosen = Array.from({ length: batch }, (_, b) => {
    const own = strength.subarray(b * maps, (b + 1) * maps)
    return at.training ? draw(own, power, random.uniform()) : largestOf(own)
  })
  return pick(attention, tf.tensor1d(chosen, 'int32'))
}

function draw(strength: ArrayLike<number>, power: number, chance: number): number {
  const chances = Array.from(strength, (value) => Math.max(value, 0) ** power)
  const total = chances.reduce((sum, value) => sum + value, 0)
  const place = chance * (total > 0 ? total : chances.length)
  let reached = 0
  for (const [map, value] of chances.entries()) {
    reached += total > 0 ? value : 1
    if (place < reached) return map
  }
  return chances.length - 1
}

function largestOf(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}

/** Selects the map of each image with the largest logit, from [batch, h, w, maps] and [batch, maps]. */
export function classActivationMap(maps: tf.Tensor4D, logits: tf.Tensor2D): tf.Tensor3D {
  // Read and uploaded again: the choice itself has no gradient.
  return pick(
    maps,
    tf.tensor1d(
      tf.tidy(() => tf.argMax(logits, 1).dataSync()),
      'int32',
    ),
  )
}

function pick(maps: tf.Tensor4D, which: tf.Tensor1D): tf.Tensor3D {
  const numbers = tf.range(0, maps.shape[3], 1, 'int32')
  const chosen = tf.cast(tf.equal(tf.expandDims(which, 1), tf.expandDims(numbers, 0)), 'float32')
  return tf.sum(tf.mul(maps, tf.reshape(chosen, [maps.shape[0], 1, 1, maps.shape[3]])), 3)
}
