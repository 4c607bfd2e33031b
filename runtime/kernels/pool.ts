import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { isNative } from './native/execute.js'
import { nativeMaxPool } from './native/max_pool.js'
import { type Border, pad } from './pad.js'
import { type Both, both, isZero, type Pair } from './pair.js'

export interface MaxPoolOptions {
  readonly kernel: Pair
  /** Left out: the kernel. */
  readonly stride?: Pair
  readonly padding?: Pair
  /** Whether a last window may reach over the border. */
  readonly ceil?: boolean
}

export interface AvgPoolOptions {
  readonly kernel: Pair
  readonly stride?: Pair
  readonly padding?: Pair
  /** Whether padded cells count in the mean (as zeros); else only the cells that exist do. */
  readonly countPadding?: boolean
}

/** The largest value of each window of NHWC maps. Padding never wins. */
export function maxPool(x: Tensor4D, options: MaxPoolOptions): Tensor4D {
  const kernel = both(options.kernel)
  const stride = both(options.stride ?? kernel)
  const border = poolBorder(x, kernel, stride, both(options.padding ?? 0), options.ceil ?? false)
  if (isNative()) return nativeMaxPool(x, { kernel, stride, border })
  return tf.tidy(() => tf.maxPool(pad(x, border, Number.NEGATIVE_INFINITY), [...kernel], [...stride], 'valid'))
}

/** The mean of each window of NHWC maps. */
export function avgPool(x: Tensor4D, options: AvgPoolOptions): Tensor4D {
  const kernel = both(options.kernel)
  const stride = both(options.stride ?? kernel)
  const padding = both(options.padding ?? 0)
  const border = poolBorder(x, kernel, stride, padding, false)
  return tf.tidy(() => {
    const means = tf.avgPool(pad(x, border), [...kernel], [...stride], 'valid')
    if ((options.countPadding ?? true) || isZero(padding)) return means
    return tf.mul(means, shareOfCells(x, means, kernel, stride, padding))
  })
}

/** The mean of each channel of NHWC maps over all its cells. */
export function globalAvgPool(x: Tensor4D): Tensor2D {
  return tf.mean(x, [1, 2])
}

/** The cells to add so that windows without padding come out as torch's with it. */
export function poolBorder(x: Tensor4D, kernel: Both, stride: Both, padding: Both, ceil: boolean): Border {
  const [, height, width] = x.shape
  return {
    top: padding[0],
    left: padding[1],
    bottom: padding[0] + (ceil ? overhang(height, kernel[0], stride[0], padding[0]) : 0),
    right: padding[1] + (ceil ? overhang(width, kernel[1], stride[1], padding[1]) : 0),
  }
}

/** How far the last window reaches over the padded border when the number of windows is rounded up. A window must begin before that border. */
function overhang(size: number, kernel: number, stride: number, padding: number): number {
  let windows = Math.ceil((size + 2 * padding - kernel) / stride) + 1
  if ((windows - 1) * stride >= size + padding) windows--
  return Math.max(0, (windows - 1) * stride + kernel - size - 2 * padding)
}

/** For each window, its size over the number of its cells that exist. */
function shareOfCells(x: Tensor4D, y: Tensor4D, kernel: Both, stride: Both, padding: Both): Tensor4D {
  const rows = cellsOf(y.shape[1], x.shape[1], kernel[0], stride[0], padding[0])
  const columns = cellsOf(y.shape[2], x.shape[2], kernel[1], stride[1], padding[1])
  const values = rows.flatMap((high) => columns.map((wide) => (kernel[0] * kernel[1]) / (high * wide)))
  return tf.tensor4d(values, [1, rows.length, columns.length, 1])
}

function cellsOf(windows: number, size: number, kernel: number, stride: number, padding: number): readonly number[] {
  return Array.from({ length: windows }, (_, i) => {
    const first = i * stride - padding
    return Math.min(first + kernel, size) - Math.max(first, 0)
  })
}
