import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { ConvolutionOptions } from './conv2d.js'
import { dilateFilter } from './dilate.js'
import { nativeConv2d } from './native/convolution.js'
import { nativeDepthwiseConv2d, supportsDepthwiseStride } from './native/depthwise.js'
import { isNative } from './native/execute.js'
import { type Padding, pad, symmetricPadding } from './pad.js'
import { expandPair, type SpatialPair } from './pair.js'

/** Convolves each channel of NHWC maps with its own M filters, HWCM: channel c is the input of the output channels c M to c M + M - 1. */
export function depthwiseConv2d(x: Tensor4D, weight: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { bias, stride = 1, padding = 0, dilation = 1 } = options
  return tf.tidy(() => {
    const filter = dilateFilter(weight, expandPair(dilation))
    const zeroPadding = symmetricPadding(expandPair(padding))
    const strides = expandPair(stride)
    const y = isNative()
      ? computeNatively(x, filter, strides, zeroPadding)
      : tf.depthwiseConv2d(pad(x, zeroPadding), filter, [...strides], 'valid')
    return bias === undefined ? y : tf.add(y, bias)
  })
}

function computeNatively(x: Tensor4D, filter: Tensor4D, stride: SpatialPair, padding: Padding): Tensor4D {
  // With one channel it is a plain convolution, and TensorFlow's depthwise kernels compute it as one, too.
  if (x.shape[3] === 1) return nativeConv2d(x, filter, stride, padding)
  if (supportsDepthwiseStride(stride)) return nativeDepthwiseConv2d(x, filter, stride, padding)
  return tf.depthwiseConv2d(pad(x, padding), filter, [...stride], 'valid')
}
