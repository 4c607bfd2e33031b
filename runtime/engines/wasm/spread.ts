import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { pad } from '../../kernels/pad.js'
import type { Four, WindowInfo } from './windows.js'

/**
 * The gradient of a convolution's output laid out so that sliding the turned filter over it, step 1, gives the gradient of its input:
 * zeros between its cells where the convolution stepped over some, and a border (or a cut) that makes the sizes right.
 */
export function spreadForInput(
  dy: Tensor4D,
  shape: Four,
  kernel: readonly [number, number],
  info: WindowInfo,
): Tensor4D {
  const [batch, rows, columns, channels] = dy.shape
  const [down, across] = info.stride
  let spread = dy
  if (down > 1 || across > 1) {
    const wide = tf.pad3d(tf.reshape(dy, [batch * rows, columns, channels]), [
      [0, 0],
      [0, 0],
      [0, channels * (across - 1)],
    ])
    const high = tf.pad3d(tf.reshape(wide, [batch * rows, 1, columns * across * channels]), [
      [0, 0],
      [0, down - 1],
      [0, 0],
    ])
    spread = tf.reshape(high, [batch, rows * down, columns * across, channels])
  }
  const top = kernel[0] - 1 - info.top
  const left = kernel[1] - 1 - info.left
  return pad(spread, {
    top,
    left,
    bottom: shape[1] + kernel[0] - 1 - top - spread.shape[1],
    right: shape[2] + kernel[1] - 1 - left - spread.shape[2],
  })
}

/** A filter turned by half a circle. Its cells are copied as blocks: WebAssembly's own reversal goes number by number, and slowly. */
export function turnedAround(filter: Tensor4D): Tensor4D {
  const [height, width, channels, filters] = filter.shape
  const cells = height * width
  if (cells === 1) return filter
  const length = channels * filters
  const values = filter.dataSync()
  const turned = new Float32Array(values.length)
  for (let i = 0; i < cells; i++) turned.set(values.subarray(i * length, (i + 1) * length), (cells - 1 - i) * length)
  return tf.tensor4d(turned, filter.shape)
}
