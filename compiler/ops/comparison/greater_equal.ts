import { comparison } from './comparison.js'

export const greaterEqual = comparison({
  name: 'greater_equal',
  symbol: '>=',
  holds: 'is at least the right one',
  tfjs: 'greaterEqual',
  onnx: 'GreaterOrEqual',
  compute: (a, b) => a >= b,
})
