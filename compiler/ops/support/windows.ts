import { type Window, windowCount } from './shapes.js'
import { at, sizes4, type Tensor, zeros } from './tensor.js'

/** Visits the cells of one window, except for padding. */
export type Visit = (row: number, column: number, kernelRow: number, kernelColumn: number) => void

function eachCell(height: number, width: number, window: Window, top: number, left: number, visit: Visit): void {
  for (let i = 0; i < window.kernel[0]; i++) {
    const row = top + i * window.dilation[0]
    if (row < 0 || row >= height) continue
    for (let j = 0; j < window.kernel[1]; j++) {
      const column = left + j * window.dilation[1]
      if (column >= 0 && column < width) visit(row, column, i, j)
    }
  }
}

/** Computes one number for each position of a sliding window and each output channel, for convolution and pooling. */
export function slideOver(
  input: Tensor,
  window: Window,
  outputChannels: number,
  ceil: boolean,
  compute: (
    batch: number,
    channel: number,
    cells: (visit: Visit) => void,
    place: { top: number; left: number },
  ) => number,
): Tensor {
  const [batch, , height, width] = sizes4(input)
  const outputHeight = windowCount(height, window, 0, ceil)
  const outputWidth = windowCount(width, window, 1, ceil)
  const out = zeros([batch, outputChannels, outputHeight, outputWidth])
  let index = 0
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < outputChannels; c++)
      for (let y = 0; y < outputHeight; y++)
        for (let x = 0; x < outputWidth; x++) {
          const top = y * window.stride[0] - window.padding[0]
          const left = x * window.stride[1] - window.padding[1]
          out.data[index++] = compute(b, c, (visit) => eachCell(height, width, window, top, left, visit), { top, left })
        }
  return out
}

/** Reads [batch, channels, height, width] by place. */
export function reader(input: Tensor): (batch: number, channel: number, row: number, column: number) => number {
  const [, channels, height, width] = sizes4(input)
  return (b, c, y, x) => at(input, ((b * channels + c) * height + y) * width + x)
}
