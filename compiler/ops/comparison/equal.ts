import { comparison } from './comparison.js'

export const equal = comparison({
  name: 'equal',
  symbol: '==',
  holds: 'equals the right one',
  tfjs: 'equal',
  onnx: 'Equal',
  compute: (a, b) => a === b,
})
