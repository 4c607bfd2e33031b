import { arithmetic } from '../support/elementwise.js'

export const mul = arithmetic({
  name: 'mul',
  summary: 'Multiplies element by element.',
  symbol: '*',
  tfjs: 'mul',
  onnx: 'Mul',
  compute: (a, b) => a * b,
})
