import { extremum } from './extremum.js'

export const minimum = extremum({
  name: 'minimum',
  summary: 'Returns the smaller of two operands, element by element.',
  limit: 'max',
  onnx: 'Min',
  compute: Math.min,
})
