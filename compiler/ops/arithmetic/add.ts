import { arithmetic } from '../support/elementwise.js'

export const add = arithmetic({
  name: 'add',
  summary: 'Adds element by element.',
  symbol: '+',
  lowPrecision: true,
  tfjs: 'add',
  onnx: 'Add',
  compute: (a, b) => a + b,
})
