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

/** Returns the size of a dimension. @throws Error for a missing one, which is a bug. */
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

/** Reduces the values along the axes to one number; `keep` keeps the axes with size 1. */
export function reduceOver(
  input: Tensor,
  axes: readonly number[],
  keep: boolean,
  reduce: (values: readonly number[]) => number,
): Tensor {
  const kept = input.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const { data } = permute(input, [...kept, ...axes])
  const count = elements(axes.map((axis) => size(input, axis)))
  const shape = input.shape.flatMap((length, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [length]))
  const out = zeros(shape)
  for (let index = 0; index < out.data.length; index++)
    out.data[index] = reduce([...data.subarray(index * count, (index + 1) * count)])
  return out
}

/** Computes new values along one axis, from the values there: a softmax, a normalisation. */
export function alongAxis(
  input: Tensor,
  axis: number,
  compute: (values: readonly number[]) => readonly number[],
): Tensor {
  const order = [...input.shape.map((_, index) => index).filter((index) => index !== axis), axis]
  const last = permute(input, order)
  const length = size(input, axis)
  for (let start = 0; start < last.data.length; start += length)
    last.data.set(compute([...last.data.subarray(start, start + length)]), start)
  return permute(
    last,
    input.shape.map((_, index) => order.indexOf(index)),
  )
}

/** Joins tensors along an axis. */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]
  if (!first) throw new Error('no tensors to join')
  const total = tensors.reduce((sum, one) => sum + size(one, axis), 0)
  const out = zeros(first.shape.map((length, index) => (index === axis ? total : length)))
  const outer = elements(first.shape.slice(0, axis))
  let place = 0
  for (let row = 0; row < outer; row++)
    for (const one of tensors) {
      const length = one.data.length / outer
      out.data.set(one.data.subarray(row * length, (row + 1) * length), place)
      place += length
    }
  return out
}

/** Returns the values from `begin` to before `end` along an axis. */
export function sliceAlong(input: Tensor, axis: number, begin: number, end: number): Tensor {
  const outer = elements(input.shape.slice(0, axis))
  const inner = elements(input.shape.slice(axis + 1))
  const length = size(input, axis)
  const out = zeros(input.shape.map((one, index) => (index === axis ? end - begin : one)))
  for (let row = 0; row < outer; row++)
    out.data.set(
      input.data.subarray((row * length + begin) * inner, (row * length + end) * inner),
      row * (end - begin) * inner,
    )
  return out
}
