import { comparison } from './comparison.js'

export const less = comparison({
  name: 'less',
  symbol: '<',
  holds: 'is less than the right one',
  tfjs: 'less',
  onnx: 'Less',
  compute: (a, b) => a < b,
})
