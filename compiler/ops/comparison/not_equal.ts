import { comparison } from './comparison.js'

export const notEqual = comparison({
  name: 'not_equal',
  symbol: '!=',
  holds: 'differs from the right one',
  tfjs: 'notEqual',
  onnx: 'Equal',
  negated: true,
  compute: (a, b) => a !== b,
})
