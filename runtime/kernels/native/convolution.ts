import type { Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type Border, isReached, noBorder, pad } from '../pad.js'
import { type Both, isOne } from '../pair.js'
import {
  aside,
  attribute,
  native,
  type Padding,
  paddingOf,
  register,
  sizesTensor,
  windowAttributes,
} from './execute.js'
import { hasAvx512 } from './processor.js'

type Inputs = { readonly x: Tensor4D; readonly weight: Tensor4D }
type Window = { readonly stride: Both; readonly border: Border }

/**
 * TensorFlow has two sets of kernels: oneDNN's for the paddings that it has a name for, and Eigen's for a border told in numbers.
 * (Forward both are oneDNN's.) Which is faster depends on the sizes; see the gradients below.
 */
function attributes(stride: Both, border: Border, padding: Padding) {
  return [
    ...windowAttributes(stride, border, padding),
    attribute.flag('use_cudnn_on_gpu', true),
    attribute.ints('dilations', [1, 1, 1, 1]),
  ]
}

function convolve(x: TensorInfo, weight: TensorInfo, stride: Both, border: Border): Tensor {
  return native().executeSingleOutput('Conv2D', attributes(stride, border, paddingOf(border)), [x, weight])
}

const run = register<Inputs, Window>({
  name: 'Conv2D',
  keepsInputs: ['x', 'weight'],
  forward: ({ x, weight }, { stride, border }) => convolve(x, weight, stride, border),
  gradient([dy], [x, weight], { stride, border }) {
    const all = { dy: dy as Tensor4D, x: x as Tensor4D, weight: weight as Tensor4D }
    return {
      x: () => inputGradient(all.dy, all.x.shape, all.weight, stride, border),
      weight: () => aside(() => weightGradient(all.dy, all.x, all.weight.shape, stride, border)),
    }
  },
})

/** Convolution on the native engine, with gradients that take the fastest measured way. */
export function nativeConv2d(x: Tensor4D, weight: Tensor4D, stride: Both, border: Border): Tensor4D {
  if (!isReached(border, weight)) return nativeConv2d(pad(x, border), weight, stride, noBorder)
  if (x.shape[3] === 1 && stride[0] !== stride[1])
    return nativeConv2d(withZeros(x, 3), withZeros(weight, 2), stride, border)
  return run({ x, weight }, { stride, border })[0] as Tensor4D
}

/** A second channel of zeros: oneDNN's kernel for one channel is wrong for a stride of 1 down and 2 across (TensorFlow 2.16.2, AVX-512). */
function withZeros(x: Tensor4D, axis: 2 | 3): Tensor4D {
  return tf.concat([x, tf.zerosLike(x)], axis)
}

type Shape4D = Tensor4D['shape']

function isMatrixProduct([height, width]: Shape4D, stride: Both, border: Border): boolean {
  return height === 1 && width === 1 && isOne(stride) && paddingOf(border) === 'VALID'
}

function inputGradient(dy: Tensor4D, shape: Shape4D, weight: Tensor4D, stride: Both, border: Border): Tensor {
  const [height, width, channels, filters] = weight.shape
  if (isMatrixProduct(weight.shape, stride, border)) {
    const product = tf.matMul(tf.reshape(dy, [-1, filters]), tf.reshape(weight, [channels, filters]), false, true)
    return tf.reshape(product, shape)
  }
  const padding = isOne(stride) ? namedPadding(weight.shape, border) : paddingOf(border)
  const backward = (to: Shape4D, told: Padding) =>
    native().executeSingleOutput('Conv2DBackpropInput', attributes(stride, border, told), [sizesTensor(to), weight, dy])
  if (padding !== 'EXPLICIT') return backward(shape, padding)
  const turned: Border = {
    top: height - 1 - border.top,
    bottom: height - 1 - border.bottom,
    left: width - 1 - border.left,
    right: width - 1 - border.right,
  }
  const reachable = Math.min(turned.top, turned.bottom, turned.left, turned.right) >= 0
  if (isOne(stride) && reachable) {
    // The same sum written as a convolution of dy with the filter turned around: two to four times as fast as Eigen's kernel.
    const flipped = height * width === 1 ? weight : tf.reverse4d(weight, [0, 1])
    return convolve(dy, tf.transpose(flipped, [0, 1, 3, 2]), [1, 1], turned)
  }
  // With a stride Eigen's kernel loses from here on: 1.7 times oneDNN's time at 128 channels, 3.3 at 256.
  if (channels < 128) return backward(shape, 'EXPLICIT')
  const [batch, rows, columns] = shape
  const { top, bottom, left, right } = border
  const bordered = backward([batch, rows + top + bottom, columns + left + right, channels], 'VALID') as Tensor4D
  return tf.slice4d(bordered, [0, top, left, 0], shape)
}

/** Below so many places of the output, over all images, TensorFlow's kernels do not get going. */
const fewPlaces = 1000

/**
 * Takes the way that was fastest on two cores, for filters of 1 to 7 cells, 3 to 512 channels. It depends on the processor and the sizes
 * alone, so that a run repeats bit for bit. With AVX-512 oneDNN's kernel is at least as fast as every other (Eigen's takes 0.9 to 2.5 of its time).
 */
function weightGradient(dy: Tensor4D, x: Tensor4D, filter: Shape4D, stride: Both, border: Border): Tensor {
  const [height, width, channels, filters] = filter
  if (height * width === 1 && !isMatrixProduct(filter, stride, border)) return pointwiseGradient(dy, x, stride, border)
  // Where the filters are fewer than the channels, oneDNN's kernel takes 0.8 of a product's time.
  if (isMatrixProduct(filter, stride, border) && filters >= Math.min(channels, 64))
    return tf.reshape(tf.matMul(tf.reshape(x, [-1, channels]), tf.reshape(dy, [-1, filters]), true, false), filter)
  const backward = (from: Tensor4D, around: Border, padding: Padding) => {
    const inputs = [from, sizesTensor(filter), dy]
    return native().executeSingleOutput('Conv2DBackpropFilter', attributes(stride, around, padding), inputs)
  }
  if (!hasAvx512()) {
    const [batch, rows, columns] = dy.shape
    // 0.5 to 0.8 of the kernels' time, on the last stages of a network.
    if (isOne(stride) && batch * rows * columns < fewPlaces) return productOfWindows(dy, x, filter, border)
    // Eigen's kernel: 0.6 to 0.9 of oneDNN's time with a stride or many filters, 1.2 to 2.5 of it without, or on the image itself.
    if (channels >= 16 && (!isOne(stride) || filters >= 256 || filters >= 2 * channels))
      return backward(x, border, 'EXPLICIT')
  }
  const padding = isOne(stride) ? namedPadding(filter, border) : paddingOf(border)
  return padding === 'EXPLICIT' ? backward(pad(x, border), noBorder, 'VALID') : backward(x, border, padding)
}

/**
 * A 1x1 filter reads one cell at each place, so its gradient is a matrix product. oneDNN's kernel for these filters with a stride writes behind
 * its buffers and is wrong for 1 to 6 channels (TensorFlow 2.16.2).
 */
function pointwiseGradient(dy: Tensor4D, x: Tensor4D, stride: Both, border: Border): Tensor {
  const filters = dy.shape[3]
  const channels = x.shape[3]
  // The mean of one cell: a strided slice takes ten times as long.
  const window = [...windowAttributes(stride, noBorder), attribute.ints('ksize', [1, 1, 1, 1])]
  const cells = native().executeSingleOutput('AvgPool', window, [pad(x, border)])
  const product = tf.matMul(tf.reshape(cells, [-1, channels]), tf.reshape(dy, [-1, filters]), true, false)
  return tf.reshape(product, [1, 1, channels, filters])
}

/** Each place's window laid out as a row, times dy: one matrix product, for a stride of one. */
function productOfWindows(dy: Tensor4D, x: Tensor4D, filter: Shape4D, border: Border): Tensor {
  const [height, width, channels, filters] = filter
  const [batch, rows, columns] = dy.shape
  const padded = pad(x, border)
  const cells = Array.from({ length: height * width }, (_, cell) =>
    tf.slice4d(padded, [0, Math.floor(cell / width), cell % width, 0], [batch, rows, columns, channels]),
  )
  const windows = tf.reshape(tf.concat(cells, 3), [-1, height * width * channels])
  return tf.reshape(tf.matMul(windows, tf.reshape(dy, [-1, filters]), true, false), filter)
}

/** TensorFlow's name for the border of a filter that moves one cell at a time: SAME when the maps keep their size. */
function namedPadding([height, width]: Shape4D, border: Border): Padding {
  const { top, bottom, left, right } = border
  const keepsSize = top === bottom && left === right && 2 * top + 1 === height && 2 * left + 1 === width
  return keepsSize ? 'SAME' : paddingOf(border)
}
