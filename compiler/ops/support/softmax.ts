import { at, rows, type Tensor, zeros } from './tensor.js'

/** log(exp(x / temperature) / sum), row by row, the largest taken off first. */
export function logSoftmaxRows(x: Tensor, temperature = 1): Tensor {
  const [count, columns] = rows(x)
  const out = zeros(x.shape)
  for (let row = 0; row < count; row++) {
    const start = row * columns
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < columns; i++) largest = Math.max(largest, at(x, start + i) / temperature)
    let sum = 0
    for (let i = 0; i < columns; i++) sum += Math.exp(at(x, start + i) / temperature - largest)
    for (let i = 0; i < columns; i++) out.data[start + i] = at(x, start + i) / temperature - largest - Math.log(sum)
  }
  return out
}

export function softmaxRows(x: Tensor, temperature = 1): Tensor {
  const logs = logSoftmaxRows(x, temperature)
  return { shape: logs.shape, data: logs.data.map(Math.exp) }
}
