import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
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
    const padded = pad(x, evenBorder(both(padding)))
    const y = tf.conv2d(padded, weight, [...both(stride)], 'valid', 'NHWC', [...both(dilation)])
    return bias === undefined ? y : tf.add(y, bias)
  })
}
