import { alongAxis, size, type Tensor } from './tensor.js'

/** log(exp(x / temperature) / sum) along an axis, the largest subtracted first. */
export function logSoftmax(x: Tensor, temperature = 1, axis = x.shape.length - 1): Tensor {
  if (size(x, axis) === 0) return x
  return alongAxis(x, axis, (values) => {
    const scaled = values.map((value) => value / temperature)
    const largest = scaled.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
    const sum = scaled.reduce((total, value) => total + Math.exp(value - largest), 0)
    return scaled.map((value) => value - largest - Math.log(sum))
  })
}

export function softmaxOf(x: Tensor, temperature = 1, axis = x.shape.length - 1): Tensor {
  const logs = logSoftmax(x, temperature, axis)
  return { shape: logs.shape, data: logs.data.map(Math.exp) }
}
