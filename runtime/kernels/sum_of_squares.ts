import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { attribute, isNative, native } from './native/execute.js'

/** The sum of all squares of all tensors (one at least), a scalar. It has no gradient. */
export function sumOfSquares(tensors: readonly Tensor[]): tf.Scalar {
  if (!isNative()) return tf.addN<tf.Scalar>(tensors.map((one) => tf.sum<tf.Scalar>(tf.square(one))))
  // One pass over the values, where squares would be written out first.
  const halves = tensors.map((one) => native().executeSingleOutput('L2Loss', [attribute.type('T', 'float32')], [one]))
  return tf.mul<tf.Scalar>(tf.addN(halves), 2)
}
