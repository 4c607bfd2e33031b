import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { ConvolutionOptions } from './conv2d.js'
import { stuffZeros } from './dilate.js'
import { nativeConv2d } from './native/convolution.js'
import { isNativeDepthwise, nativeDepthwiseConv2d } from './native/depthwise.js'
import { isNative } from './native/execute.js'
import { type Border, evenBorder, pad } from './pad.js'
import { type Both, both } from './pair.js'

/** Convolution of each channel of NHWC maps with its own filters, HWCM: channel c gives the outputs c M to c M + M - 1. */
export function depthwiseConv2d(x: Tensor4D, weight: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { bias, stride = 1, padding = 0, dilation = 1 } = options
  return tf.tidy(() => {
    const filter = stuffZeros(weight, both(dilation))
    const border = evenBorder(both(padding))
    const strides = both(stride)
    const y = isNative()
      ? onNative(x, filter, strides, border)
      : tf.depthwiseConv2d(pad(x, border), filter, [...strides], 'valid')
    return bias === undefined ? y : tf.add(y, bias)
  })
}

function onNative(x: Tensor4D, filter: Tensor4D, stride: Both, border: Border): Tensor4D {
  // Of one channel it is a plain convolution, as which TensorFlow computes it, too.
  if (x.shape[3] === 1) return nativeConv2d(x, filter, stride, border)
  if (isNativeDepthwise(stride)) return nativeDepthwiseConv2d(x, filter, stride, border)
  return tf.depthwiseConv2d(pad(x, border), filter, [...stride], 'valid')
}
