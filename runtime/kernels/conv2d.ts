import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { dilateFilter } from './dilate.js'
import { nativeConv2d } from './native/convolution.js'
import { isNative } from './native/execute.js'
import { pad, symmetricPadding } from './pad.js'
import { expandPair, type Pair } from './pair.js'

export interface ConvolutionOptions {
  readonly bias?: Tensor1D
  readonly stride?: Pair
  /** Zero padding at both sides, in pixels. */
  readonly padding?: Pair
  readonly dilation?: Pair
}

/** Convolves NHWC maps with an HWIO filter, and adds the bias [channels]. */
export function conv2d(x: Tensor4D, weight: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { bias, stride = 1, padding = 0, dilation = 1 } = options
  return tf.tidy(() => {
    const filter = dilateFilter(weight, expandPair(dilation))
    const zeroPadding = symmetricPadding(expandPair(padding))
    const y = isNative()
      ? nativeConv2d(x, filter, expandPair(stride), zeroPadding)
      : tf.conv2d(pad(x, zeroPadding), filter, [...expandPair(stride)], 'valid')
    return bias === undefined ? y : tf.add(y, bias)
  })
}
