import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type Border, isReached, noBorder, pad } from '../pad.js'
import type { Both } from '../pair.js'
import { aside, attribute, native, register, sizesTensor, windowAttributes } from './execute.js'

type Inputs = { readonly x: Tensor4D; readonly weight: Tensor4D }
type Window = { readonly stride: Both; readonly border: Border }

/** Same stride both ways is all that TensorFlow's depthwise kernels take. */
export function isNativeDepthwise(stride: Both): boolean {
  return stride[0] === stride[1]
}

function attributes(stride: Both, border: Border) {
  return [...windowAttributes(stride, border), attribute.ints('dilations', [1, 1, 1, 1])]
}

const run = register<Inputs, Window>({
  name: 'DepthwiseConv2D',
  keepsInputs: ['x', 'weight'],
  forward: ({ x, weight }, { stride, border }) =>
    native().executeSingleOutput('DepthwiseConv2dNative', attributes(stride, border), [x, weight]),
  gradient([dy], [x, weight], { stride, border }) {
    const all = { dy: dy as Tensor4D, x: x as Tensor4D, weight: weight as Tensor4D }
    return {
      x: () =>
        native().executeSingleOutput('DepthwiseConv2dNativeBackpropInput', attributes(stride, border), [
          sizesTensor(all.x.shape),
          all.weight,
          all.dy,
        ]),
      weight: () =>
        aside(() =>
          native().executeSingleOutput('DepthwiseConv2dNativeBackpropFilter', attributes(stride, border), [
            all.x,
            sizesTensor(all.weight.shape),
            all.dy,
          ]),
        ),
    }
  },
})

export function nativeDepthwiseConv2d(x: Tensor4D, weight: Tensor4D, stride: Both, border: Border): Tensor4D {
  if (weight.shape[1] > widestFilter) return inPieces(pad(x, border), weight, stride)
  if (!isReached(border, weight)) return nativeDepthwiseConv2d(pad(x, border), weight, stride, noBorder)
  return run({ x, weight }, { stride, border })[0] as Tensor4D
}

/** oneDNN's kernel for AVX-512 divides by zero, or never ends, where a filter is wider (TensorFlow 2.16.2). */
const widestFilter = 14

/** The sum of the products with pieces of a wide filter, without a border. */
function inPieces(x: Tensor4D, weight: Tensor4D, stride: Both): Tensor4D {
  const [batch, rows, columns, channels] = x.shape
  const [height, width, , multiplier] = weight.shape
  const reach = Math.floor((columns - width) / stride[1]) * stride[1]
  const pieces: Tensor4D[] = []
  for (let from = 0; from < width; from += widestFilter) {
    const wide = Math.min(widestFilter, width - from)
    const cells = tf.slice4d(x, [0, 0, from, 0], [batch, rows, reach + wide, channels])
    const piece = tf.slice4d(weight, [0, from, 0, 0], [height, wide, channels, multiplier])
    pieces.push(nativeDepthwiseConv2d(cells, piece, stride, noBorder))
  }
  return tf.addN(pieces)
}
