import { comparison } from './comparison.js'

export const lessEqual = comparison({
  name: 'less_equal',
  symbol: '<=',
  holds: 'is at most the right one',
  tfjs: 'lessEqual',
  onnx: 'LessOrEqual',
  compute: (a, b) => a <= b,
})
