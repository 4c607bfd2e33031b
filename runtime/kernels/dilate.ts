import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { isOne, type SpatialPair } from './pair.js'

/**
 * Inserts zeros between the values of an HWIO filter. A plain convolution with the result is the dilated convolution, with any stride and with a
 * gradient; TensorFlow.js supports dilation for a stride of 1 only, and without a gradient.
 */
export function dilateFilter(weight: Tensor4D, dilation: SpatialPair): Tensor4D {
  if (isOne(dilation)) return weight
  return tf.tidy(() => dilateAxis(dilateAxis(weight, 0, dilation[0]), 1, dilation[1]))
}

function dilateAxis(weight: Tensor4D, axis: 0 | 1, step: number): Tensor4D {
  const count = weight.shape[axis]
  if (step === 1 || count === 1) return weight
  const [height, width, inner, outer] = weight.shape
  // Appends step - 1 zeros to every value, and crops those after the last value.
  const before = axis === 0 ? 1 : height
  const rest = (axis === 0 ? width : 1) * inner * outer
  const spaced = tf.pad3d(tf.reshape(weight, [before, count, rest]), [
    [0, 0],
    [0, 0],
    [0, rest * (step - 1)],
  ])
  const sizes: [number, number, number, number] =
    axis === 0 ? [count * step, width, inner, outer] : [height, count * step, inner, outer]
  const target: [number, number, number, number] = [...sizes]
  target[axis] = (count - 1) * step + 1
  return tf.slice4d(tf.reshape(spaced, sizes), [0, 0, 0, 0], target)
}
