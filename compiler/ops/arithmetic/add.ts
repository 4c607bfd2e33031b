import { arithmetic } from './arithmetic.js'

export const add = arithmetic({
  name: 'add',
  summary: 'Adds two tensors, or a tensor and a number, element by element.',
  symbol: '+',
  semantics: { lowPrecision: true },
  tfjs: 'add',
  onnx: 'Add',
  compute: (a, b) => a + b,
})
