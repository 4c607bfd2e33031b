import * as tf from '@tensorflow/tfjs-core'

/**
 * A value without a gradient. A gradient of zeros would become NaN when multiplied by an infinite derivative, such as that of a square root at 0.
 */
export function withoutGradient<T extends tf.Tensor>(compute: () => tf.Tensor): T {
  // A function without inputs is not on any path from a weight to the loss.
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T
}
