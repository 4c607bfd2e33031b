import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type ConvolutionOptions, conv2d } from './conv2d.js'
import { depthwiseConv2d } from './depthwise_conv2d.js'

/** As conv2d, with channels and filters divided into groups: an HWIO filter has the input channels of one group. */
export function groupedConv2d(
  x: Tensor4D,
  weight: Tensor4D,
  groups: number,
  { bias, ...options }: ConvolutionOptions,
): Tensor4D {
  const [height, width, channels, filters] = weight.shape
  return tf.tidy(() => {
    const y =
      channels === 1 && filters === groups
        ? depthwiseConv2d(x, tf.reshape<tf.Rank.R4>(weight, [height, width, filters, 1]), options)
        : tf.concat(
            paired(tf.split(x, groups, 3), tf.split(weight, groups, 3)).map(([part, filter]) =>
              conv2d(part, filter, options),
            ),
            3,
          )
    return bias === undefined ? y : tf.add(y, bias)
  })
}

function paired(parts: readonly Tensor4D[], filters: readonly Tensor4D[]): [Tensor4D, Tensor4D][] {
  return parts.flatMap((part, index) => {
    const filter = filters[index]
    return filter ? [[part, filter]] : []
  })
}
