/** The shape of a tensor whose dimensions are put in another order. */
export function permutedShape(shape: readonly number[], order: readonly number[]): number[] {
  return order.map((dimension) => shape[dimension] ?? 1)
}

/**
 * The values with their dimensions in another order: output dimension d is input dimension order[d].
 * Conv weights go from PyTorch's [out, in, h, w] to TensorFlow.js's [h, w, in, out] and back this way.
 */
export function permuteValues(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  if (order.every((dimension, index) => dimension === index)) return values
  const strides = shape.map((_, dimension) => shape.slice(dimension + 1).reduce((product, size) => product * size, 1))
  const sizes = permutedShape(shape, order)
  const steps = order.map((dimension) => strides[dimension] ?? 1)
  const out = new Float32Array(values.length)
  const last = sizes.length - 1
  const inner = sizes[last] ?? 1
  const innerStep = steps[last] ?? 1
  const place = new Array<number>(Math.max(last, 0)).fill(0)
  let start = 0
  for (let index = 0; index < out.length; index += inner) {
    for (let i = 0, from = start; i < inner; i++, from += innerStep) out[index + i] = values[from] ?? 0
    for (let d = last - 1; d >= 0; d--) {
      place[d] = (place[d] ?? 0) + 1
      start += steps[d] ?? 0
      if ((place[d] ?? 0) < (sizes[d] ?? 1)) break
      start -= (steps[d] ?? 0) * (sizes[d] ?? 1)
      place[d] = 0
    }
  }
  return out
}

/** The order that undoes another. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, dimension) => order.indexOf(dimension))
}
