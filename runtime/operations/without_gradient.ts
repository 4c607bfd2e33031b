import * as tf from '@tensorflow/tfjs-core'

/**
 * A value that the way back does not pass. Zeros that went back in its place would become NaN where a slope before it is infinite, as that
 * of a root at 0 is.
 */
export function withoutGradient<T extends tf.Tensor>(compute: () => tf.Tensor): T {
  // A function of no inputs is on no path from a weight to the loss.
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T
}
