import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { noPadding, overlapsInput, type Padding, pad } from '../pad.js'
import type { SpatialPair } from '../pair.js'
import {
  attribute,
  customWindow,
  hasCustomOps,
  native,
  onSideStream,
  register,
  shapeTensor,
  windowAttributes,
} from './execute.js'

type Inputs = { readonly x: Tensor4D; readonly weight: Tensor4D }
type Window = { readonly stride: SpatialPair; readonly padding: Padding }

/** Whether TensorFlow's depthwise kernels support the stride: only if it is the same in both directions. */
export function supportsDepthwiseStride(stride: SpatialPair): boolean {
  return stride[0] === stride[1]
}

function attributes(stride: SpatialPair, padding: Padding) {
  return [...windowAttributes(stride, padding), attribute.ints('dilations', [1, 1, 1, 1])]
}

const run = register<Inputs, Window>({
  name: 'DepthwiseConv2D',
  savedInputs: ['x', 'weight'],
  forward: ({ x, weight }, { stride, padding }) =>
    native().executeSingleOutput('DepthwiseConv2dNative', attributes(stride, padding), [x, weight]),
  gradient([dy], [x, weight], { stride, padding }) {
    const all = { dy: dy as Tensor4D, x: x as Tensor4D, weight: weight as Tensor4D }
    return {
      x: () =>
        isForward(all.weight)
          ? inputGradientByForward(all.dy, all.weight, all.x.shape, stride, padding)
          : native().executeSingleOutput('DepthwiseConv2dNativeBackpropInput', attributes(stride, padding), [
              shapeTensor(all.x.shape),
              all.weight,
              all.dy,
            ]),
      weight: () => onSideStream(() => weightGradient(all.dy, all.x, all.weight.shape, { stride, padding })),
    }
  },
})

function weightGradient(dy: Tensor4D, x: Tensor4D, filter: Tensor4D['shape'], { stride, padding }: Window): Tensor {
  const [height, width, , multiplier] = filter
  if (multiplier > 1 || !hasCustomOps())
    return native().executeSingleOutput('DepthwiseConv2dNativeBackpropFilter', attributes(stride, padding), [
      x,
      shapeTensor(filter),
      dy,
    ])
  return native().executeSingleOutput('WsbanDepthwiseWeightGrad', customWindow([height, width], stride, padding), [
    x,
    dy,
  ])
}

/** Whether the gradient of the input is another depthwise convolution, which oneDNN computes about three times faster than TensorFlow's gradient. */
function isForward(weight: Tensor4D): boolean {
  return weight.shape[3] === 1 && !native().isUsingGpuDevice
}

/** The gradient of the input: the convolution of `dy`, zero-dilated by the stride, with the filter rotated by 180 degrees. */
function inputGradientByForward(
  dy: Tensor4D,
  weight: Tensor4D,
  shape: Tensor4D['shape'],
  [stride]: SpatialPair,
  { top, left }: Padding,
): Tensor4D {
  const [batch, rows, columns, channels] = shape
  const [height, width] = weight.shape
  const spread = stride === 1 ? dy : withZerosBetween(dy, stride)
  // The padding after the last window; rows and columns that no window covers are cropped.
  const bottom = rows + top - spread.shape[1]
  const right = columns + left - spread.shape[2]
  const input =
    bottom < 0 || right < 0
      ? tf.slice4d(
          spread,
          [0, 0, 0, 0],
          [batch, spread.shape[1] + Math.min(bottom, 0), spread.shape[2] + Math.min(right, 0), channels],
        )
      : spread
  const turned = tf.reverse4d(weight, [0, 1])
  const around = {
    top: height - 1 - top,
    bottom: Math.max(bottom, 0),
    left: width - 1 - left,
    right: Math.max(right, 0),
  }
  return native().executeSingleOutput('DepthwiseConv2dNative', attributes([1, 1], around), [input, turned]) as Tensor4D
}

/** [batch, height * stride, width * stride, channels]: each element at the top left of a square of zeros. */
function withZerosBetween(x: Tensor4D, stride: number): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const cells = tf.reshape(x, [batch, height, 1, width, channels])
  const padded = tf.pad(cells, [
    [0, 0],
    [0, 0],
    [0, stride - 1],
    [0, 0],
    [0, (stride - 1) * channels],
  ])
  return tf.reshape(padded, [batch, height * stride, width * stride, channels])
}

/** Depthwise convolution of NHWC maps on the native engine. The stride must be the same in both directions. */
export function nativeDepthwiseConv2d(x: Tensor4D, weight: Tensor4D, stride: SpatialPair, padding: Padding): Tensor4D {
  if (weight.shape[1] > maxFilterWidth) return splitWideFilter(pad(x, padding), weight, stride)
  if (!overlapsInput(padding, weight)) return nativeDepthwiseConv2d(pad(x, padding), weight, stride, noPadding)
  return run({ x, weight }, { stride, padding })[0] as Tensor4D
}

/** oneDNN's AVX-512 kernel divides by zero or never terminates if a filter is wider (TensorFlow 2.16.2). */
const maxFilterWidth = 14

/** Splits a wide filter into vertical slices and sums their convolutions. `x` is padded already. */
function splitWideFilter(x: Tensor4D, weight: Tensor4D, stride: SpatialPair): Tensor4D {
  const [batch, rows, columns, channels] = x.shape
  const [height, width, , multiplier] = weight.shape
  const reach = Math.floor((columns - width) / stride[1]) * stride[1]
  const results: Tensor4D[] = []
  for (let from = 0; from < width; from += maxFilterWidth) {
    const sliceWidth = Math.min(maxFilterWidth, width - from)
    const input = tf.slice4d(x, [0, 0, from, 0], [batch, rows, reach + sliceWidth, channels])
    const slice = tf.slice4d(weight, [0, from, 0, 0], [height, sliceWidth, channels, multiplier])
    results.push(nativeDepthwiseConv2d(input, slice, stride, noPadding))
  }
  return tf.addN(results)
}
