import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'
import { resize } from './shapes.js'
import { type Range, shareOf } from './threshold.js'

/** Sets each image [batch, H, W, 3] to zero where its map [batch, h, w] is large. No gradient passes through the mask. */
export function dropSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  at: Scope,
  { threshold = 0.5 }: { threshold?: number | Range } = {},
): tf.Tensor4D {
  const [batch, height, width] = image.shape
  const random = at.random()
  const shares = Float32Array.from({ length: batch }, () => shareOf(threshold, at.training, random))
  // Read and uploaded again, so that the mask is not part of the gradient: comparisons have none.
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
