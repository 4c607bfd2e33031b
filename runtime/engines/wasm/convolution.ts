import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { pad } from '../../kernels/pad.js'
import { need, replaceKernel } from './replace.js'
import { spreadForInput, turnedAround } from './spread.js'
import { convolutionInfo, type Four, parseWindow } from './windows.js'

/** The input's gradient as a convolution, which WebAssembly computes ten times faster than by its own kernel. */
export function replaceConvolutionGradients(): void {
  replaceKernel('Conv2DBackpropInput', (inputs, attributes) => {
    const dy = need(inputs, 'dy') as Tensor4D
    const filter = need(inputs, 'filter') as Tensor4D
    const given = parseWindow(attributes)
    const shape: Four = given.inputShape ?? [0, 0, 0, 0]
    const info = convolutionInfo(shape, filter.shape, given, false)
    const [height, width] = filter.shape
    const turned = tf.transpose(turnedAround(filter), [0, 1, 3, 2])
    return tf.conv2d(spreadForInput(dy, shape, [height, width], info), turned, 1, 'valid')
  })

  // One matrix product for each cell of the filter. Products with a transposed argument are slow, so dy is turned once.
  replaceKernel('Conv2DBackpropFilter', (inputs, attributes) => {
    const x = need(inputs, 'x') as Tensor4D
    const dy = need(inputs, 'dy') as Tensor4D
    const given = parseWindow(attributes)
    const filterShape: Four = given.filterShape ?? [0, 0, 0, 0]
    const [height, width, channels, filters] = filterShape
    const info = convolutionInfo(x.shape, filterShape, given, false)
    const turned: Tensor2D = tf.transpose(tf.reshape(dy, [-1, filters]))
    const bordered = borderFor(x, [height, width], info)
    const products: Tensor2D[] = []
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        products.push(tf.tidy(() => tf.matMul(turned, tf.reshape(seenBy(bordered, i, j, info), [-1, channels]))))
      }
    return tf.reshape(tf.transpose(tf.stack(products), [0, 2, 1]), filterShape)
  })
}

type Info = ReturnType<typeof convolutionInfo>

/** The input with the cells in it that windows reach beyond its border, a multiple of the stride in size. */
function borderFor(x: Tensor4D, kernel: readonly [number, number], info: Info): Tensor4D {
  const rows = info.outHeight * info.stride[0] + kernel[0] - 1
  const columns = info.outWidth * info.stride[1] + kernel[1] - 1
  return pad(x, {
    top: info.top,
    left: info.left,
    bottom: rows - x.shape[1] - info.top,
    right: columns - x.shape[2] - info.left,
  })
}

/** The cells that one cell of the filter meets, in the order of the output's. */
function seenBy(bordered: Tensor4D, i: number, j: number, info: Info): Tensor4D {
  const [batch, , , channels] = bordered.shape
  const [down, across] = info.stride
  const { outHeight, outWidth } = info
  const part = tf.slice4d(bordered, [0, i, j, 0], [batch, outHeight * down, outWidth * across, channels])
  if (down === 1 && across === 1) return part
  // Of each group of rows the first, of each group of columns the first.
  const rows = tf.slice3d(
    tf.reshape(part, [batch * outHeight, down, outWidth * across * channels]),
    [0, 0, 0],
    [-1, 1, -1],
  )
  const columns = tf.slice3d(tf.reshape(rows, [-1, across, channels]), [0, 0, 0], [-1, 1, -1])
  return tf.reshape(columns, [batch, outHeight, outWidth, channels])
}
