import { elementAt } from '../../grammar/present.js'

/** Returns the shape of a tensor after a permutation of its dimensions. */
export function permutedShape(shape: readonly number[], order: readonly number[]): number[] {
  return order.map((dimension) => shape[dimension] as number)
}

/**
 * Transposes values: output dimension d is input dimension order[d]. Converts filters between PyTorch's [out, in, h, w] and TensorFlow.js's [h, w,
 * in, out].
 */
export function permuteValues(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  if (order.every((dimension, index) => dimension === index)) return values
  const strides = shape.map((_, dimension) => shape.slice(dimension + 1).reduce((product, size) => product * size, 1))
  const sizes = permutedShape(shape, order)
  const steps = order.map((dimension) => strides[dimension] as number)
  const out = new Float32Array(values.length)
  const last = sizes.length - 1
  const inner = elementAt(sizes, last)
  const innerStep = elementAt(steps, last)
  const place = new Array<number>(Math.max(last, 0)).fill(0)
  let start = 0
  for (let index = 0; index < out.length; index += inner) {
    for (let i = 0, from = start; i < inner; i++, from += innerStep) out[index + i] = values[from] as number
    for (let d = last - 1; d >= 0; d--) {
      place[d] = (place[d] as number) + 1
      start += steps[d] as number
      if ((place[d] as number) < (sizes[d] as number)) break
      start -= (steps[d] as number) * (sizes[d] as number)
      place[d] = 0
    }
  }
  return out
}

/** Returns the inverse of a permutation. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, dimension) => order.indexOf(dimension))
}
