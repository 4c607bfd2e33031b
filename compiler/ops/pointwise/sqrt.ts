import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const sqrt = pointwise({
  name: 'sqrt',
  documentation: {
    summary: 'Computes the square root of each element.',
    details:
      'y = sqrt(x). It is NaN below 0, and its gradient is infinite at 0: add a small number first, or use signed_sqrt.',
    example: 'root = sqrt(attention + 0.001)',
    source: 'torch.sqrt',
  },
  lowering: {
    tfjs: (call) => call.tf('sqrt', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'sqrt') },
    onnx: (call) => [call.add('Sqrt', [call.input('x')])],
  },
  compute: Math.sqrt,
  cases: [{ name: 'positive values', inputs: { x: { shape: [1, 5], fill: { values: [0.1, 0.5, 1, 2, 30] } } } }],
})
