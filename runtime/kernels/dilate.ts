import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type Both, isOne } from './pair.js'

/**
 * The filter with zeros between its cells: a plain convolution with it is the dilated one, at any stride and with a gradient,
 * where TensorFlow.js has the one only at stride 1 and the other not at all.
 */
export function stuffZeros(weight: Tensor4D, dilation: Both): Tensor4D {
  if (isOne(dilation)) return weight
  return tf.tidy(() => spread(spread(weight, 0, dilation[0]), 1, dilation[1]))
}

function spread(weight: Tensor4D, axis: 0 | 1, step: number): Tensor4D {
  const count = weight.shape[axis]
  if (step === 1 || count === 1) return weight
  const [height, width, inner, outer] = weight.shape
  // Every cell followed by step - 1 zeros, and those after the last one cut off.
  const before = axis === 0 ? 1 : height
  const rest = (axis === 0 ? width : 1) * inner * outer
  const spaced = tf.pad3d(tf.reshape(weight, [before, count, rest]), [
    [0, 0],
    [0, 0],
    [0, rest * (step - 1)],
  ])
  const sizes: [number, number, number, number] =
    axis === 0 ? [count * step, width, inner, outer] : [height, count * step, inner, outer]
  const wanted: [number, number, number, number] = [...sizes]
  wanted[axis] = (count - 1) * step + 1
  return tf.slice4d(tf.reshape(spaced, sizes), [0, 0, 0, 0], wanted)
}
