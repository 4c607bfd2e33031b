import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { SpatialPair } from './pair.js'

/** The number of pixels to add at each side of a feature map. Negative values crop. */
export interface Padding {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

export const noPadding: Padding = { top: 0, bottom: 0, left: 0, right: 0 }

/** Whether every window of the filter overlaps the input: oneDNN's kernels crash on windows that lie in the padding alone (TensorFlow 2.16.2). */
export function overlapsInput({ top, bottom, left, right }: Padding, { shape: [height, width] }: Tensor4D): boolean {
  return Math.max(top, bottom) < height && Math.max(left, right) < width
}

/** The same padding at the top and the bottom, and at the left and the right. */
export function symmetricPadding(padding: SpatialPair): Padding {
  return { top: padding[0], bottom: padding[0], left: padding[1], right: padding[1] }
}

/** Pads NHWC maps with a constant value, and crops where the padding is negative. */
export function pad(x: Tensor4D, padding: Padding, value = 0): Tensor4D {
  const { top, bottom, left, right } = padding
  const [batch, height, width, channels] = x.shape
  const crops = Math.min(top, bottom, left, right) < 0
  const cropped = crops
    ? tf.slice4d(
        x,
        [0, Math.max(0, -top), Math.max(0, -left), 0],
        [
          batch,
          height + Math.min(0, top) + Math.min(0, bottom),
          width + Math.min(0, left) + Math.min(0, right),
          channels,
        ],
      )
    : x
  if (Math.max(top, bottom, left, right) <= 0) return cropped
  const added = (pixels: number) => Math.max(0, pixels)
  return tf.pad4d(
    cropped,
    [
      [0, 0],
      [added(top), added(bottom)],
      [added(left), added(right)],
      [0, 0],
    ],
    value,
  )
}
