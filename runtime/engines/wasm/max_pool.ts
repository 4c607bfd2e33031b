import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { need, replaceKernel } from './replace.js'
import { parseWindow, poolInfo } from './windows.js'

/** WebAssembly's own kernel finds no largest value in a window of negative ones, and its gradient is lost. */
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
  const slopes = dy.dataSync()
  const result = new Float32Array(x.size)
  const best = new Float32Array(channels)
  const place = new Int32Array(channels)
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < info.outHeight; r++)
      for (let c = 0; c < info.outWidth; c++) {
        best.fill(Number.NEGATIVE_INFINITY)
        place.fill(-1)
        const firstRow = r * info.stride[0] - info.top
        const firstColumn = c * info.stride[1] - info.left
        for (let row = Math.max(0, firstRow); row < Math.min(height, firstRow + info.kernel[0]); row++)
          for (
            let column = Math.max(0, firstColumn);
            column < Math.min(width, firstColumn + info.kernel[1]);
            column++
          ) {
            const cell = ((b * height + row) * width + column) * channels
            for (let k = 0; k < channels; k++) {
              const value = values[cell + k] as number
              if (value > (best[k] as number)) {
                best[k] = value
                place[k] = cell + k
              }
            }
          }
        const slope = ((b * info.outHeight + r) * info.outWidth + c) * channels
        for (let k = 0; k < channels; k++) {
          const winner = place[k] as number
          if (winner >= 0) (result[winner] as number) += slopes[slope + k] as number
        }
      }
  return result
}
