/** Reference implementations of sliding windows over NHWC maps by loops. They share no code with the kernels. */

type Shape4 = readonly [number, number, number, number]
type Two = readonly [number, number]

export interface Window {
  readonly kernel: Two
  readonly stride: Two
  readonly padding: Two
  readonly dilation?: Two
  readonly ceil?: boolean
}

/** Calls `visit` for each element of each window; `exists` is false in the padding. Returns the output's height and width. */
export function slide(
  x: Shape4,
  window: Window,
  visit: (
    position: { batch: number; row: number; column: number },
    element: { i: number; j: number; row: number; column: number; exists: boolean },
  ) => void,
): Two {
  const [batch, height, width] = x
  const dilation = window.dilation ?? [1, 1]
  const count = (size: number, axis: 0 | 1) => {
    const reach = (window.kernel[axis] - 1) * dilation[axis] + 1
    const positions = (size + 2 * window.padding[axis] - reach) / window.stride[axis] + 1
    if (!window.ceil) return Math.floor(positions)
    const up = Math.ceil(positions)
    return (up - 1) * window.stride[axis] >= size + window.padding[axis] ? up - 1 : up
  }
  const rows = count(height, 0)
  const columns = count(width, 1)
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let i = 0; i < window.kernel[0]; i++)
          for (let j = 0; j < window.kernel[1]; j++) {
            const row = r * window.stride[0] - window.padding[0] + i * dilation[0]
            const column = c * window.stride[1] - window.padding[1] + j * dilation[1]
            const exists = row >= 0 && row < height && column >= 0 && column < width
            visit({ batch: b, row: r, column: c }, { i, j, row, column, exists })
          }
  return [rows, columns]
}

export function slowConvolution(
  x: ArrayLike<number>,
  shape: Shape4,
  weight: ArrayLike<number>,
  filters: number,
  window: Window,
) {
  const [batch, height, width, channels] = shape
  const [rows, columns] = slide(shape, window, () => {})
  const value = new Float64Array(batch * rows * columns * filters)
  slide(shape, window, (position, element) => {
    if (!element.exists) return
    for (let c = 0; c < channels; c++)
      for (let f = 0; f < filters; f++) {
        const at = ((position.batch * rows + position.row) * columns + position.column) * filters + f
        const pixel = x[((position.batch * height + element.row) * width + element.column) * channels + c] as number
        const factor = weight[((element.i * window.kernel[1] + element.j) * channels + c) * filters + f] as number
        value[at] = (value[at] as number) + pixel * factor
      }
  })
  return { shape: [batch, rows, columns, filters], value }
}

export function slowDepthwise(
  x: ArrayLike<number>,
  shape: Shape4,
  weight: ArrayLike<number>,
  multiplier: number,
  window: Window,
) {
  const [batch, height, width, channels] = shape
  const [rows, columns] = slide(shape, window, () => {})
  const value = new Float64Array(batch * rows * columns * channels * multiplier)
  slide(shape, window, (position, element) => {
    if (!element.exists) return
    for (let c = 0; c < channels; c++)
      for (let m = 0; m < multiplier; m++) {
        const at =
          (((position.batch * rows + position.row) * columns + position.column) * channels + c) * multiplier + m
        const pixel = x[((position.batch * height + element.row) * width + element.column) * channels + c] as number
        const factor = weight[((element.i * window.kernel[1] + element.j) * channels + c) * multiplier + m] as number
        value[at] = (value[at] as number) + pixel * factor
      }
  })
  return { shape: [batch, rows, columns, channels * multiplier], value }
}

/** Applies `reduce` to the elements of each window that are not padding. */
export function slowPool(
  x: ArrayLike<number>,
  shape: Shape4,
  window: Window,
  reduce: (elements: readonly number[]) => number,
) {
  const [batch, height, width, channels] = shape
  const [rows, columns] = slide(shape, window, () => {})
  const elements = Array.from({ length: batch * rows * columns * channels }, (): number[] => [])
  slide(shape, window, (position, element) => {
    if (!element.exists) return
    for (let c = 0; c < channels; c++) {
      const at = ((position.batch * rows + position.row) * columns + position.column) * channels + c
      elements[at]?.push(x[((position.batch * height + element.row) * width + element.column) * channels + c] as number)
    }
  })
  return { shape: [batch, rows, columns, channels], value: elements.map(reduce) }
}
