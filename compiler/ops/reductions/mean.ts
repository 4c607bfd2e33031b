import { reduction } from './reduction.js'

export const mean = reduction({
  name: 'mean',
  summary: 'Computes the mean of one tensor over its channels or positions, or of several tensors element by element.',
  tfjs: 'mean',
  onnx: 'ReduceMean',
  several: 'Mean',
  average: true,
  preserves: ['probabilities', 'enlarged'],
})
