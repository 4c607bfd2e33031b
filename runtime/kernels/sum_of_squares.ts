import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { attribute, isNative, native } from './native/execute.js'

/** Returns the sum of the squares of all elements of all tensors, a scalar without a gradient. At least one tensor is needed. */
export function sumOfSquares(tensors: readonly Tensor[]): tf.Scalar {
  if (!isNative()) return tf.addN<tf.Scalar>(tensors.map((tensor) => tf.sum<tf.Scalar>(tf.square(tensor))))
  // L2Loss is half the sum of squares, in one pass over the values that does not store the squares.
  const halves = tensors.map((tensor) =>
    native().executeSingleOutput('L2Loss', [attribute.type('T', 'float32')], [tensor]),
  )
  return tf.mul<tf.Scalar>(tf.addN(halves), 2)
}
