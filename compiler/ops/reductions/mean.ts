import { linearReduction } from './reduction.js'

export const mean = linearReduction({
  name: 'mean',
  onnx: 'ReduceMean',
  several: 'Mean',
  semantics: { preserves: ['probabilities', 'enlarged'] },
})
