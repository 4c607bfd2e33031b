import * as tf from '@tensorflow/tfjs-core'

/** (x - mean) / sqrt(variance + eps), with mean and variance along the axes. */
export function standardise(x: tf.Tensor, axes: number | number[], eps: number): tf.Tensor {
  return tf.customGrad((value: unknown, save: unknown) => {
    const input = value as tf.Tensor
    const centred = tf.sub(input, tf.mean(input, axes, true))
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), eps))
    const result = tf.mul(centred, scale)
    ;(save as tf.GradSaveFunc)([result, scale])
    return {
      value: result,
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => {
        const [standard, factor] = saved as [tf.Tensor, tf.Tensor]
        const common = tf.mean(gradient, axes, true)
        const parallel = tf.mul(standard, tf.mean(tf.mul(gradient, standard), axes, true))
        return tf.mul(tf.sub(tf.sub(gradient, common), parallel), factor)
      },
    }
  })(x)
}
