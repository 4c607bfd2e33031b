import { extremum } from './extremum.js'

export const maximum = extremum({
  name: 'maximum',
  summary: 'Returns the larger of two operands, element by element.',
  limit: 'min',
  onnx: 'Max',
  compute: Math.max,
})
