import { arithmetic } from './arithmetic.js'

export const sub = arithmetic({
  name: 'sub',
  summary: 'Subtracts a tensor or a number from another, element by element.',
  symbol: '-',
  tfjs: 'sub',
  onnx: 'Sub',
  compute: (a, b) => a - b,
})
