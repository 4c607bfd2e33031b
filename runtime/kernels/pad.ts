import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { Both } from './pair.js'

/** Cells to add at each side of a feature map; negative ones are cut off. */
export interface Border {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

export const noBorder: Border = { top: 0, bottom: 0, left: 0, right: 0 }

/** Whether each window of the filter reaches the maps: oneDNN's kernels crash on windows that lie in the border alone (TensorFlow 2.16.2). */
export function isReached({ top, bottom, left, right }: Border, { shape: [height, width] }: Tensor4D): boolean {
  return Math.max(top, bottom) < height && Math.max(left, right) < width
}

export function evenBorder(padding: Both): Border {
  return { top: padding[0], bottom: padding[0], left: padding[1], right: padding[1] }
}

/** Puts a border of one value around NHWC maps, or cuts one off. */
export function pad(x: Tensor4D, border: Border, value = 0): Tensor4D {
  const { top, bottom, left, right } = border
  const [batch, height, width, channels] = x.shape
  const cut = Math.min(top, bottom, left, right) < 0
  const rest = cut
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
  if (Math.max(top, bottom, left, right) <= 0) return rest
  const added = (cells: number) => Math.max(0, cells)
  return tf.pad4d(
    rest,
    [
      [0, 0],
      [added(top), added(bottom)],
      [added(left), added(right)],
      [0, 0],
    ],
    value,
  )
}
