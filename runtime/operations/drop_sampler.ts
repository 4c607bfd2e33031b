import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'
import type { Range } from './crop_sampler.js'
import { resize } from './shapes.js'

/** Blacks out of each image [batch, H, W, 3] what its map [batch, h, w] points at. No gradient passes through the mask. */
export function dropSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  at: Scope,
  { threshold = 0.5 }: { threshold?: number | Range } = {},
): tf.Tensor4D {
  const [batch, height, width] = image.shape
  const random = at.random()
  const shares = Float32Array.from({ length: batch }, () => shareOf(threshold, at.training, random))
  // Read and put back, so that nothing of the mask is on the way of a gradient: comparisons have none.
  const map = guide.dataSync()
  const mask = tf.tidy(() => {
    const large = resize(tf.tensor4d(map, [...guide.shape, 1]), [height, width])
    const largest = tf.max(large, [1, 2, 3], true)
    const kept = tf.logicalOr(
      tf.less(large, tf.mul(largest, tf.tensor4d(shares, [batch, 1, 1, 1]))),
      tf.lessEqual(largest, 0),
    )
    return tf.cast(kept, 'float32')
  })
  return tf.mul(image, mask)
}

/** A constant, one draw from its range in training, its middle otherwise. */
export function shareOf(
  threshold: number | Range,
  training: boolean,
  random: { uniform(low: number, high: number): number },
): number {
  if (typeof threshold === 'number') return threshold
  return training ? random.uniform(threshold.low, threshold.high) : (threshold.low + threshold.high) / 2
}
