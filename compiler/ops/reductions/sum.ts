import { reduction } from './reduction.js'

export const sum = reduction({
  name: 'sum',
  summary: 'Computes the sum of one tensor over its channels or positions, or of several tensors element by element.',
  tfjs: 'sum',
  onnx: 'ReduceSum',
  several: 'Sum',
  average: false,
})
