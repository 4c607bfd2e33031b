import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { pad } from '../../kernels/pad.js'
import type { Shape4, WindowInfo } from './windows.js'

/**
 * Prepares the output gradient of a convolution, so that its convolution with the rotated filter at stride 1 is the input gradient: inserts zeros
 * between its values for a stride above 1, and pads or crops it to match the sizes.
 */
export function dilateOutputGradient(
  dy: Tensor4D,
  shape: Shape4,
  kernel: readonly [number, number],
  info: WindowInfo,
): Tensor4D {
  const [batch, rows, columns, channels] = dy.shape
  const [strideY, strideX] = info.stride
  let dilated = dy
  if (strideY > 1 || strideX > 1) {
    const wide = tf.pad3d(tf.reshape(dy, [batch * rows, columns, channels]), [
      [0, 0],
      [0, 0],
      [0, channels * (strideX - 1)],
    ])
    const high = tf.pad3d(tf.reshape(wide, [batch * rows, 1, columns * strideX * channels]), [
      [0, 0],
      [0, strideY - 1],
      [0, 0],
    ])
    dilated = tf.reshape(high, [batch, rows * strideY, columns * strideX, channels])
  }
  const top = kernel[0] - 1 - info.top
  const left = kernel[1] - 1 - info.left
  return pad(dilated, {
    top,
    left,
    bottom: shape[1] + kernel[0] - 1 - top - dilated.shape[1],
    right: shape[2] + kernel[1] - 1 - left - dilated.shape[2],
  })
}

/** Rotates a filter by 180 degrees. Copies blocks of channels, as WebAssembly's kernel for reversal copies single numbers and is slow. */
export function rotate180(filter: Tensor4D): Tensor4D {
  const [height, width, channels, filters] = filter.shape
  const positions = height * width
  if (positions === 1) return filter
  const length = channels * filters
  const values = filter.dataSync()
  const rotated = new Float32Array(values.length)
  for (let i = 0; i < positions; i++)
    rotated.set(values.subarray(i * length, (i + 1) * length), (positions - 1 - i) * length)
  return tf.tensor4d(rotated, filter.shape)
}
