import * as tf from '@tensorflow/tfjs-core'

/** [batch, count]: 1 where the index equals the column. Unlike oneHot, it accepts a count of 1. */
export function membership(index: tf.Tensor1D, count: number): tf.Tensor2D {
  const columns = tf.range(0, count, 1, 'int32')
  return tf.cast(tf.equal(tf.expandDims(index, 1), tf.expandDims(columns, 0)), 'float32') as tf.Tensor2D
}
