import { arithmetic } from './arithmetic.js'

export const div = arithmetic({
  name: 'div',
  summary: 'Divides a tensor or a number by another, element by element.',
  symbol: '/',
  tfjs: 'div',
  onnx: 'Div',
  compute: (a, b) => a / b,
  divides: true,
})
