import { arithmetic } from './arithmetic.js'

export const mul = arithmetic({
  name: 'mul',
  summary: 'Multiplies two tensors, or a tensor and a number, element by element.',
  symbol: '*',
  tfjs: 'mul',
  onnx: 'Mul',
  compute: (a, b) => a * b,
})
