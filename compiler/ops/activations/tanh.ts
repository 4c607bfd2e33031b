import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const tanh = pointwise({
  name: 'tanh',
  documentation: {
    summary: 'Computes the hyperbolic tangent of each element.',
    formula: String.raw`y = \frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}`,
    details: 'y = (e^x - e^-x) / (e^x + e^-x)',
    example: 'bounded = tanh(features)',
    source: 'torch.tanh',
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.tf('tanh', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'tanh') },
    onnx: (call) => [call.add('Tanh', [call.input('x')])],
  },
  compute: Math.tanh,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'large values', inputs: { x: { shape: [1, 5], fill: { values: [-90, -5, 0, 5, 90] } } } },
  ],
})
