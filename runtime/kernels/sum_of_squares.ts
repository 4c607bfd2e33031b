import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { attribute, isNative, native } from './native/execute.js'

/** The sum of all squares, a scalar. It has no gradient. */
export function sumOfSquares(x: Tensor): tf.Scalar {
  // One pass over the values, where squares would be written out first.
  return isNative()
    ? tf.mul<tf.Scalar>(native().executeSingleOutput('L2Loss', [attribute.type('T', 'float32')], [x]), 2)
    : tf.sum<tf.Scalar>(tf.square(x))
}
