import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { ConvolutionOptions } from './conv2d.js'
import { evenBorder, pad } from './pad.js'
import { both } from './pair.js'

/** Convolution of each channel of NHWC maps with its own filters, HWCM: channel c gives the outputs c M to c M + M - 1. */
export function depthwiseConv2d(x: Tensor4D, weight: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { bias, stride = 1, padding = 0, dilation = 1 } = options
  return tf.tidy(() => {
    const padded = pad(x, evenBorder(both(padding)))
    const y = tf.depthwiseConv2d(padded, weight, [...both(stride)], 'valid', 'NHWC', [...both(dilation)])
    return bias === undefined ? y : tf.add(y, bias)
  })
}
