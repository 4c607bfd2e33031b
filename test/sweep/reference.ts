/** Sliding windows over NHWC maps in double precision, with their gradients: plain loops that share no code with the kernels. */

export type Two = readonly [number, number]

export interface WindowCase {
  readonly kind: 'conv2d' | 'depthwise' | 'max_pool' | 'avg_pool'
  readonly batch: number
  readonly size: Two
  readonly channels: number
  /** Output channels; for depthwise, outputs a channel. 1 for pools. */
  readonly filters: number
  readonly kernel: Two
  readonly stride: Two
  readonly padding: Two
  readonly dilation: Two
  readonly ceil: boolean
  readonly countPadding: boolean
}

/** A sum and the sum of its terms' magnitudes, which bounds the rounding error. */
export interface Sums {
  readonly value: Float64Array
  readonly scale: Float64Array
}

export interface Expected {
  readonly shape: readonly number[]
  readonly y: Sums
  readonly dx: Sums
  /** Absent for pools. */
  readonly dw?: Sums
}

/** Returns the number of window positions along one dimension. */
export function windows({ size, kernel, stride, padding, dilation, ceil }: WindowCase, side: 0 | 1): number {
  const reach = (kernel[side] - 1) * dilation[side] + 1
  const room = (size[side] + 2 * padding[side] - reach) / stride[side] + 1
  if (room < 1) return 0
  if (!ceil) return Math.floor(room)
  const up = Math.ceil(room)
  return (up - 1) * stride[side] >= size[side] + padding[side] ? up - 1 : up
}

export function outputShape(one: WindowCase): [number, number, number, number] {
  const channels = one.kind === 'conv2d' ? one.filters : one.channels * one.filters
  return [one.batch, windows(one, 0), windows(one, 1), channels]
}

function sums(count: number): Sums {
  return { value: new Float64Array(count), scale: new Float64Array(count) }
}

function add(to: Sums, index: number, term: number): void {
  to.value[index] = (to.value[index] ?? 0) + term
  to.scale[index] = (to.scale[index] ?? 0) + Math.abs(term)
}

/**
 * Calls `visit` for each cell of each window inside the map: the index of the output position, of the input cell and of the kernel cell, without
 * channels.
 */
function eachCell(one: WindowCase, visit: (place: number, cell: number, kernelCell: number) => void): void {
  const [height, width] = one.size
  const [batch, rows, columns] = outputShape(one)
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let i = 0; i < one.kernel[0]; i++) {
          const row = r * one.stride[0] - one.padding[0] + i * one.dilation[0]
          if (row < 0 || row >= height) continue
          for (let j = 0; j < one.kernel[1]; j++) {
            const column = c * one.stride[1] - one.padding[1] + j * one.dilation[1]
            if (column >= 0 && column < width)
              visit((b * rows + r) * columns + c, (b * height + row) * width + column, i * one.kernel[1] + j)
          }
        }
}

/** @param dy the gradient of each output */
export function expectedOf(one: WindowCase, x: Float32Array, w: Float32Array, dy: Float32Array): Expected {
  const shape = outputShape(one)
  const outputs = shape.reduce((product, size) => product * size, 1)
  const result = { shape, y: sums(outputs), dx: sums(x.length) }
  if (one.kind === 'max_pool') return maxPool(one, x, dy, result)
  if (one.kind === 'avg_pool') return avgPool(one, x, dy, result)
  return convolution(one, x, w, dy, result)
}

function convolution(one: WindowCase, x: Float32Array, w: Float32Array, dy: Float32Array, made: Expected): Expected {
  const { channels, filters } = one
  const dw = sums(w.length)
  const depthwise = one.kind === 'depthwise'
  const width = depthwise ? channels * filters : filters
  eachCell(one, (place, cell, kernelCell) => {
    for (let c = 0; c < channels; c++) {
      const from = cell * channels + c
      const pixel = x[from] ?? 0
      for (let f = 0; f < filters; f++) {
        const to = place * width + (depthwise ? c * filters + f : f)
        const weight = (kernelCell * channels + c) * filters + f
        const factor = w[weight] ?? 0
        const slope = dy[to] ?? 0
        add(made.y, to, pixel * factor)
        add(made.dx, from, slope * factor)
        add(dw, weight, slope * pixel)
      }
    }
  })
  return { ...made, dw }
}

function maxPool(one: WindowCase, x: Float32Array, dy: Float32Array, made: Expected): Expected {
  const best = new Int32Array(made.y.value.length).fill(-1)
  eachCell(one, (place, cell) => {
    for (let c = 0; c < one.channels; c++) {
      const to = place * one.channels + c
      const from = cell * one.channels + c
      const known = best[to] ?? -1
      if (known < 0 || (x[from] ?? 0) > (x[known] ?? 0)) best[to] = from
    }
  })
  for (const [to, from] of best.entries()) {
    add(made.y, to, x[from] ?? 0)
    add(made.dx, from, dy[to] ?? 0)
  }
  return made
}

function avgPool(one: WindowCase, x: Float32Array, dy: Float32Array, made: Expected): Expected {
  const cells = new Int32Array(made.y.value.length)
  eachCell(one, (place) => {
    for (let c = 0; c < one.channels; c++) cells[place * one.channels + c] = (cells[place * one.channels + c] ?? 0) + 1
  })
  const whole = one.kernel[0] * one.kernel[1]
  eachCell(one, (place, cell) => {
    for (let c = 0; c < one.channels; c++) {
      const [to, from] = [place * one.channels + c, cell * one.channels + c]
      const share = 1 / (one.countPadding ? whole : (cells[to] ?? whole))
      add(made.y, to, (x[from] ?? 0) * share)
      add(made.dx, from, (dy[to] ?? 0) * share)
    }
  })
  return made
}
