import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { need, replaceKernel } from './replace.js'
import { parseWindow, poolInfo } from './windows.js'

/** Replaces the backend's kernel, which finds no maximum in a window of negative values and loses its gradient. */
export function replaceMaxPoolGradient(): void {
  replaceKernel('MaxPoolGrad', (inputs, attributes) => {
    const x = need(inputs, 'input') as Tensor4D
    const dy = need(inputs, 'dy') as Tensor4D
    return tf.tensor4d(gradient(x, dy, poolInfo(x.shape, parseWindow(attributes))), x.shape)
  })
}

function gradient(x: Tensor4D, dy: Tensor4D, info: ReturnType<typeof poolInfo>): Float32Array {
  const [batch, height, width, channels] = x.shape
  const values = x.dataSync()
  const gradients = dy.dataSync()
  const result = new Float32Array(x.size)
  const maximum = new Float32Array(channels)
  const argmax = new Int32Array(channels)
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < info.outHeight; r++)
      for (let c = 0; c < info.outWidth; c++) {
        maximum.fill(Number.NEGATIVE_INFINITY)
        argmax.fill(-1)
        const firstRow = r * info.stride[0] - info.top
        const firstColumn = c * info.stride[1] - info.left
        for (let row = Math.max(0, firstRow); row < Math.min(height, firstRow + info.kernel[0]); row++)
          for (
            let column = Math.max(0, firstColumn);
            column < Math.min(width, firstColumn + info.kernel[1]);
            column++
          ) {
            const position = ((b * height + row) * width + column) * channels
            for (let k = 0; k < channels; k++) {
              const value = values[position + k] as number
              if (value > (maximum[k] as number)) {
                maximum[k] = value
                argmax[k] = position + k
              }
            }
          }
        const offset = ((b * info.outHeight + r) * info.outWidth + c) * channels
        for (let k = 0; k < channels; k++) {
          const index = argmax[k] as number
          if (index >= 0) (result[index] as number) += gradients[offset + k] as number
        }
      }
  return result
}
