/** A plain tensor of the references: row-major, double precision. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const size = elements(shape)
  if (data.length !== size) throw new Error(`${data.length} values for shape [${shape.join(', ')}]`)
  return { shape, data: Float64Array.from(data) }
}

export function zeros(shape: readonly number[]): Tensor {
  return { shape, data: new Float64Array(elements(shape)) }
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function map(input: Tensor, change: (value: number, index: number) => number): Tensor {
  return { shape: input.shape, data: input.data.map(change) }
}

/** Element by element over tensors of one shape. */
export function combine(a: Tensor, b: Tensor, join: (a: number, b: number) => number): Tensor {
  return map(a, (value, index) => join(value, at(b, index)))
}

export function at(input: Tensor, index: number): number {
  const value = input.data[index]
  if (value === undefined) throw new Error(`index ${index} is outside of [${input.shape.join(', ')}]`)
  return value
}

/** The dimension's size; a call for one that is not there is our mistake. */
export function size(input: Tensor, dimension: number): number {
  const value = input.shape[dimension]
  if (value === undefined) throw new Error(`[${input.shape.join(', ')}] has no dimension ${dimension}`)
  return value
}

/** [batch, channels, height, width] */
export function sizes4(input: Tensor): readonly [number, number, number, number] {
  return [size(input, 0), size(input, 1), size(input, 2), size(input, 3)]
}

/** [rows, columns] of a tensor seen as rows of its last dimensions together. */
export function rows(input: Tensor): readonly [rows: number, columns: number] {
  const count = size(input, 0)
  return [count, count === 0 ? elements(input.shape.slice(1)) : input.data.length / count]
}

export function permute(input: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((dimension) => size(input, dimension))
  const strides = input.shape.map((_, dimension) => elements(input.shape.slice(dimension + 1)))
  const out = zeros(shape)
  const place = new Array<number>(shape.length).fill(0)
  for (let index = 0; index < out.data.length; index++) {
    let from = 0
    for (let d = 0; d < order.length; d++) from += (place[d] as number) * (strides[order[d] as number] as number)
    out.data[index] = at(input, from)
    for (let d = shape.length - 1; d >= 0; d--) {
      const next = (place[d] as number) + 1
      place[d] = next < (shape[d] as number) ? next : 0
      if (next < (shape[d] as number)) break
    }
  }
  return out
}
