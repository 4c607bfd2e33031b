import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { dilateOutputGradient, rotate180 } from './input_gradient.js'
import { need, replaceKernel } from './replace.js'
import { convolutionInfo, parseWindow, type Shape4 } from './windows.js'

/** Adds the gradients of depthwise convolution, which the backend lacks. */
export function addDepthwiseGradients(): void {
  replaceKernel('DepthwiseConv2dNativeBackpropInput', (inputs, attributes) => {
    const dy = need(inputs, 'dy') as Tensor4D
    const filter = need(inputs, 'filter') as Tensor4D
    const given = parseWindow(attributes)
    const shape: Shape4 = given.inputShape ?? [0, 0, 0, 0]
    const info = convolutionInfo(shape, filter.shape, given, true)
    const [height, width, channels, multiplier] = filter.shape
    const rotated = rotate180(filter)
    // The gradient of a channel is the sum over its filters.
    const byFilter: Tensor3D = tf.reshape(dy, [-1, channels, multiplier])
    const parts = Array.from({ length: multiplier }, (_, m) => {
      const outputGradient: Tensor4D = tf.reshape(tf.slice3d(byFilter, [0, 0, m], [-1, -1, 1]), [
        dy.shape[0],
        dy.shape[1],
        dy.shape[2],
        channels,
      ])
      const channelFilter: Tensor4D = tf.slice4d(rotated, [0, 0, 0, m], [-1, -1, -1, 1])
      return tf.depthwiseConv2d(
        dilateOutputGradient(outputGradient, shape, [height, width], info),
        channelFilter,
        1,
        'valid',
      )
    })
    return parts.length === 1 ? (parts[0] as Tensor4D) : tf.addN(parts)
  })

  replaceKernel('DepthwiseConv2dNativeBackpropFilter', (inputs, attributes) => {
    const x = need(inputs, 'x') as Tensor4D
    const dy = need(inputs, 'dy') as Tensor4D
    const given = parseWindow(attributes)
    const filterShape: Shape4 = given.filterShape ?? [0, 0, 0, 0]
    const info = convolutionInfo(x.shape, filterShape, given, true)
    return tf.tensor4d(filterGradient(x, dy, filterShape, info), filterShape)
  })
}

/** Computed by loops, as the backend has no kernels from which it could be composed efficiently. */
function filterGradient(
  x: Tensor4D,
  dy: Tensor4D,
  filter: Shape4,
  info: ReturnType<typeof convolutionInfo>,
): Float32Array {
  const [batch, height, width, channels] = x.shape
  const [kernelHeight, kernelWidth, , multiplier] = filter
  const pixels = x.dataSync()
  const gradients = dy.dataSync()
  const result = new Float32Array(kernelHeight * kernelWidth * channels * multiplier)
  const outputs = channels * multiplier
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < info.outHeight; r++)
      for (let i = 0; i < kernelHeight; i++) {
        const row = r * info.stride[0] - info.top + i
        if (row < 0 || row >= height) continue
        for (let c = 0; c < info.outWidth; c++) {
          const offset = ((b * info.outHeight + r) * info.outWidth + c) * outputs
          for (let j = 0; j < kernelWidth; j++) {
            const column = c * info.stride[1] - info.left + j
            if (column < 0 || column >= width) continue
            const pixel = ((b * height + row) * width + column) * channels
            const weight = (i * kernelWidth + j) * outputs
            if (multiplier === 1) {
              for (let k = 0; k < channels; k++)
                (result[weight + k] as number) += (pixels[pixel + k] as number) * (gradients[offset + k] as number)
            } else {
              for (let k = 0; k < outputs; k++)
                (result[weight + k] as number) +=
                  (pixels[pixel + Math.floor(k / multiplier)] as number) * (gradients[offset + k] as number)
            }
          }
        }
      }
  return result
}
