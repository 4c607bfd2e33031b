import { comparison } from './comparison.js'

export const greater = comparison({
  name: 'greater',
  symbol: '>',
  holds: 'is greater than the right one',
  tfjs: 'greater',
  onnx: 'Greater',
  compute: (a, b) => a > b,
})
