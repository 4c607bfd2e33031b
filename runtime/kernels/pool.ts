import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { isNative } from './native/execute.js'
import { nativeMaxPool } from './native/max_pool.js'
import { type Padding, pad } from './pad.js'
import { expandPair, type Pair, type SpatialPair } from './pair.js'

export interface MaxPoolOptions {
  readonly kernel: Pair
  /** By default the kernel size. */
  readonly stride?: Pair
  readonly padding?: Pair
  /** Whether the output size is rounded up, so that the last window may extend beyond the padded input (ceil_mode in PyTorch). */
  readonly ceil?: boolean
}

export interface AvgPoolOptions {
  readonly kernel: Pair
  readonly stride?: Pair
  readonly padding?: Pair
  /** Whether the mean includes the padding as zeros (count_include_pad in PyTorch). */
  readonly countPadding?: boolean
  /** As for max pooling. The mean never includes what lies beyond the padding. */
  readonly ceil?: boolean
}

/** Max pooling of NHWC maps. Padding is never the maximum. */
export function maxPool(x: Tensor4D, options: MaxPoolOptions): Tensor4D {
  const kernel = expandPair(options.kernel)
  const stride = expandPair(options.stride ?? kernel)
  const padding = poolPadding(x, kernel, stride, expandPair(options.padding ?? 0), options.ceil ?? false)
  if (isNative()) return nativeMaxPool(x, { kernel, stride, padding })
  return tf.tidy(() => tf.maxPool(pad(x, padding, Number.NEGATIVE_INFINITY), [...kernel], [...stride], 'valid'))
}

/** Average pooling of NHWC maps. */
export function avgPool(x: Tensor4D, options: AvgPoolOptions): Tensor4D {
  const kernel = expandPair(options.kernel)
  const stride = expandPair(options.stride ?? kernel)
  const padding = expandPair(options.padding ?? 0)
  const zeroPadding = poolPadding(x, kernel, stride, padding, options.ceil ?? false)
  return tf.tidy(() => {
    const means = tf.avgPool(pad(x, zeroPadding), [...kernel], [...stride], 'valid')
    const counted: SpatialPair = (options.countPadding ?? true) ? padding : [0, 0]
    const { top, bottom, left, right } = zeroPadding
    if (top === counted[0] && bottom === counted[0] && left === counted[1] && right === counted[1]) return means
    return tf.mul(means, paddingCorrection(x, means, kernel, stride, padding, counted))
  })
}

/** The mean of each channel of NHWC maps over all positions: [batch, channels], or [batch, 1, 1, channels] where the axes are kept. */
export function globalAvgPool(x: Tensor4D, options: { readonly keep: true }): Tensor4D
export function globalAvgPool(x: Tensor4D): Tensor2D
export function globalAvgPool(x: Tensor4D, { keep = false }: { readonly keep?: boolean } = {}): Tensor4D | Tensor2D {
  return tf.mean<Tensor4D | Tensor2D>(x, [1, 2], keep)
}

/** The explicit padding for which windows without implicit padding are those of PyTorch's pooling. */
export function poolPadding(
  x: Tensor4D,
  kernel: SpatialPair,
  stride: SpatialPair,
  padding: SpatialPair,
  ceil: boolean,
): Padding {
  const [, height, width] = x.shape
  return {
    top: padding[0],
    left: padding[1],
    bottom: padding[0] + (ceil ? overhang(height, kernel[0], stride[0], padding[0]) : 0),
    right: padding[1] + (ceil ? overhang(width, kernel[1], stride[1], padding[1]) : 0),
  }
}

/**
 * How far the last window extends beyond the padded input when the number of windows is rounded up. As in PyTorch, a window must not start in the
 * padding at the end.
 */
function overhang(size: number, kernel: number, stride: number, padding: number): number {
  let windows = Math.ceil((size + 2 * padding - kernel) / stride) + 1
  if ((windows - 1) * stride >= size + padding) windows--
  return Math.max(0, (windows - 1) * stride + kernel - size - 2 * padding)
}

/** For each window, its size divided by the number of its elements that are counted: those of the input and of the counted padding, [1, rows, columns, 1]. */
function paddingCorrection(
  x: Tensor4D,
  y: Tensor4D,
  kernel: SpatialPair,
  stride: SpatialPair,
  padding: SpatialPair,
  counted: SpatialPair,
): Tensor4D {
  const rows = elementsCounted(y.shape[1], x.shape[1], kernel[0], stride[0], padding[0], counted[0])
  const columns = elementsCounted(y.shape[2], x.shape[2], kernel[1], stride[1], padding[1], counted[1])
  const values = rows.flatMap((height) => columns.map((width) => (kernel[0] * kernel[1]) / (height * width)))
  return tf.tensor4d(values, [1, rows.length, columns.length, 1])
}

/** For each window along one axis, the number of its elements that are counted. */
function elementsCounted(
  windows: number,
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  counted: number,
): readonly number[] {
  return Array.from({ length: windows }, (_, i) => {
    const first = i * stride - padding
    return Math.min(first + kernel, size + counted) - Math.max(first, -counted)
  })
}
