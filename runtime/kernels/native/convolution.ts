import type { Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { noPadding, overlapsInput, type Padding, pad } from '../pad.js'
import { isOne, type SpatialPair } from '../pair.js'
import {
  attribute,
  native,
  onSideStream,
  type PaddingMode,
  paddingMode,
  register,
  shapeTensor,
  windowAttributes,
} from './execute.js'
import { hasAvx512 } from './processor.js'

type Inputs = { readonly x: Tensor4D; readonly weight: Tensor4D }
type Window = { readonly stride: SpatialPair; readonly padding: Padding }

/**
 * TensorFlow has two implementations of the gradients: oneDNN's for the padding modes SAME and VALID, and Eigen's for EXPLICIT. (The forward
 * convolution is always oneDNN's.) Which of them is faster depends on the sizes; see the gradients below.
 */
function attributes(stride: SpatialPair, padding: Padding, mode: PaddingMode) {
  return [
    ...windowAttributes(stride, padding, mode),
    attribute.flag('use_cudnn_on_gpu', true),
    attribute.ints('dilations', [1, 1, 1, 1]),
  ]
}

function convolve(x: TensorInfo, weight: TensorInfo, stride: SpatialPair, padding: Padding): Tensor {
  return native().executeSingleOutput('Conv2D', attributes(stride, padding, paddingMode(padding)), [x, weight])
}

const run = register<Inputs, Window>({
  name: 'Conv2D',
  savedInputs: ['x', 'weight'],
  forward: ({ x, weight }, { stride, padding }) => convolve(x, weight, stride, padding),
  gradient([dy], [x, weight], { stride, padding }) {
    const all = { dy: dy as Tensor4D, x: x as Tensor4D, weight: weight as Tensor4D }
    return {
      x: () => inputGradient(all.dy, all.x.shape, all.weight, stride, padding),
      weight: () => onSideStream(() => weightGradient(all.dy, all.x, all.weight.shape, stride, padding)),
    }
  },
})

/** Convolves NHWC maps with an HWIO filter on the native engine. Its gradients use the algorithm that was measured to be the fastest. */
export function nativeConv2d(x: Tensor4D, weight: Tensor4D, stride: SpatialPair, padding: Padding): Tensor4D {
  if (!overlapsInput(padding, weight)) return nativeConv2d(pad(x, padding), weight, stride, noPadding)
  if (x.shape[3] === 1 && stride[0] !== stride[1])
    return nativeConv2d(appendZeroChannel(x, 3), appendZeroChannel(weight, 2), stride, padding)
  return run({ x, weight }, { stride, padding })[0] as Tensor4D
}

/**
 * Appends a channel of zeros. oneDNN's kernel for a single channel computes wrong values for a vertical stride of 1 and a horizontal one of 2
 * (TensorFlow 2.16.2, AVX-512).
 */
function appendZeroChannel(x: Tensor4D, axis: 2 | 3): Tensor4D {
  return tf.concat([x, tf.zerosLike(x)], axis)
}

type Shape4D = Tensor4D['shape']

function isMatrixProduct([height, width]: Shape4D, stride: SpatialPair, padding: Padding): boolean {
  return height === 1 && width === 1 && isOne(stride) && paddingMode(padding) === 'VALID'
}

function inputGradient(dy: Tensor4D, shape: Shape4D, weight: Tensor4D, stride: SpatialPair, padding: Padding): Tensor {
  const [height, width, channels, filters] = weight.shape
  if (isMatrixProduct(weight.shape, stride, padding)) {
    const product = tf.matMul(tf.reshape(dy, [-1, filters]), tf.reshape(weight, [channels, filters]), false, true)
    return tf.reshape(product, shape)
  }
  const mode = isOne(stride) ? namedPaddingMode(weight.shape, padding) : paddingMode(padding)
  const backward = (to: Shape4D, mode: PaddingMode) =>
    native().executeSingleOutput('Conv2DBackpropInput', attributes(stride, padding, mode), [
      shapeTensor(to),
      weight,
      dy,
    ])
  if (mode !== 'EXPLICIT') return backward(shape, mode)
  const flippedPadding: Padding = {
    top: height - 1 - padding.top,
    bottom: height - 1 - padding.bottom,
    left: width - 1 - padding.left,
    right: width - 1 - padding.right,
  }
  const nonNegative = Math.min(...Object.values(flippedPadding)) >= 0
  if (isOne(stride) && nonNegative) {
    // The gradient is the convolution of dy with the filter rotated by 180 degrees: two to four times as fast as Eigen's kernel.
    const flipped = height * width === 1 ? weight : tf.reverse4d(weight, [0, 1])
    return convolve(dy, tf.transpose(flipped, [0, 1, 3, 2]), [1, 1], flippedPadding)
  }
  // With a stride, Eigen's kernel is the slower one from 128 channels on (1.7 times oneDNN's time at 128, 3.3 times at 256).
  if (channels < 128) return backward(shape, 'EXPLICIT')
  const [batch, rows, columns] = shape
  const { top, bottom, left, right } = padding
  const padded = backward([batch, rows + top + bottom, columns + left + right, channels], 'VALID') as Tensor4D
  return tf.slice4d(padded, [0, top, left, 0], shape)
}

/** With fewer output positions over all images, one matrix product is faster than TensorFlow's kernels. */
const fewPositions = 1000

/**
 * Selects the algorithm that was the fastest on two cores, for kernel sizes 1 to 7 and 3 to 512 channels. The choice depends on the processor and
 * the sizes only, so a run is reproducible bit for bit. With AVX-512, oneDNN's kernel is at least as fast as all others (Eigen's takes 0.9 to 2.5
 * times as long).
 */
function weightGradient(dy: Tensor4D, x: Tensor4D, filter: Shape4D, stride: SpatialPair, padding: Padding): Tensor {
  const [height, width, channels, filters] = filter
  if (height * width === 1 && !isMatrixProduct(filter, stride, padding))
    return pointwiseGradient(dy, x, stride, padding)
  // With fewer filters than channels, oneDNN's kernel takes 0.8 times as long as a matrix product.
  if (isMatrixProduct(filter, stride, padding) && filters >= Math.min(channels, 64))
    return tf.reshape(tf.matMul(tf.reshape(x, [-1, channels]), tf.reshape(dy, [-1, filters]), true, false), filter)
  const backward = (from: Tensor4D, padding: Padding, mode: PaddingMode) => {
    const inputs = [from, shapeTensor(filter), dy]
    return native().executeSingleOutput('Conv2DBackpropFilter', attributes(stride, padding, mode), inputs)
  }
  if (!hasAvx512()) {
    const [batch, rows, columns] = dy.shape
    // Takes 0.5 to 0.8 times as long as the kernels, in the last stages of a network.
    if (isOne(stride) && batch * rows * columns < fewPositions) return im2colGradient(dy, x, filter, padding)
    // Eigen's kernel takes 0.6 to 0.9 times as long as oneDNN's with a stride or many filters, and 1.2 to 2.5 times as long otherwise.
    if (channels >= 16 && (!isOne(stride) || filters >= 256 || filters >= 2 * channels))
      return backward(x, padding, 'EXPLICIT')
  }
  const mode = isOne(stride) ? namedPaddingMode(filter, padding) : paddingMode(padding)
  return mode === 'EXPLICIT' ? backward(pad(x, padding), noPadding, 'VALID') : backward(x, padding, mode)
}

/**
 * The gradient of a 1x1 filter is a matrix product. oneDNN's kernel for 1x1 filters with a stride writes past the end of its buffers, and computes
 * wrong values for 1 to 6 channels (TensorFlow 2.16.2).
 */
function pointwiseGradient(dy: Tensor4D, x: Tensor4D, stride: SpatialPair, padding: Padding): Tensor {
  const filters = dy.shape[3]
  const channels = x.shape[3]
  // Average pooling with a 1x1 window selects the positions; a strided slice takes ten times as long.
  const window = [...windowAttributes(stride, noPadding), attribute.ints('ksize', [1, 1, 1, 1])]
  const positions = native().executeSingleOutput('AvgPool', window, [pad(x, padding)])
  const product = tf.matMul(tf.reshape(positions, [-1, channels]), tf.reshape(dy, [-1, filters]), true, false)
  return tf.reshape(product, [1, 1, channels, filters])
}

/** Writes the window at each position as a row (im2col), and multiplies the matrix by dy. Requires a stride of 1. */
function im2colGradient(dy: Tensor4D, x: Tensor4D, filter: Shape4D, padding: Padding): Tensor {
  const [height, width, channels, filters] = filter
  const [batch, rows, columns] = dy.shape
  const padded = pad(x, padding)
  const shifted = Array.from({ length: height * width }, (_, index) =>
    tf.slice4d(padded, [0, Math.floor(index / width), index % width, 0], [batch, rows, columns, channels]),
  )
  const windows = tf.reshape(tf.concat(shifted, 3), [-1, height * width * channels])
  return tf.reshape(tf.matMul(windows, tf.reshape(dy, [-1, filters]), true, false), filter)
}

/** The padding mode for a stride of 1: SAME if the output has the input's size. */
function namedPaddingMode([height, width]: Shape4D, padding: Padding): PaddingMode {
  const { top, bottom, left, right } = padding
  const keepsSize = top === bottom && left === right && 2 * top + 1 === height && 2 * left + 1 === width
  return keepsSize ? 'SAME' : paddingMode(padding)
}
