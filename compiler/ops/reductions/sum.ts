import { linearReduction } from './reduction.js'

export const sum = linearReduction({ name: 'sum', onnx: 'ReduceSum', several: 'Sum' })
