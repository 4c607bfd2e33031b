import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { stuffZeros } from './dilate.js'
import { nativeConv2d } from './native/convolution.js'
import { isNative } from './native/execute.js'
import { evenBorder, pad } from './pad.js'
import { both, type Pair } from './pair.js'

export interface ConvolutionOptions {
  readonly bias?: Tensor1D
  readonly stride?: Pair
  /** Zeros around the maps, in pixels, on both sides. */
  readonly padding?: Pair
  readonly dilation?: Pair
}

/** Convolution of NHWC maps with an HWIO filter. */
export function conv2d(x: Tensor4D, weight: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { bias, stride = 1, padding = 0, dilation = 1 } = options
  return tf.tidy(() => {
    const filter = stuffZeros(weight, both(dilation))
    const border = evenBorder(both(padding))
    const y = isNative()
      ? nativeConv2d(x, filter, both(stride), border)
      : tf.conv2d(pad(x, border), filter, [...both(stride)], 'valid')
    return bias === undefined ? y : tf.add(y, bias)
  })
}
