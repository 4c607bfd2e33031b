import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const sigmoid = pointwise({
  name: 'sigmoid',
  documentation: {
    summary: 'Maps each element to the range from 0 to 1.',
    formula: String.raw`y = \frac{1}{1 + e^{-x}}`,
    details: 'y = 1 / (1 + e^-x)',
    example: 'gate = sigmoid(features)',
    source: 'torch.sigmoid',
  },
  semantics: { lowPrecision: true, produces: () => 'from 0 to 1' },
  lowering: {
    tfjs: (call) => call.tf('sigmoid', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'sigmoid') },
    onnx: (call) => [call.add('Sigmoid', [call.input('x')])],
  },
  compute: (value) => 1 / (1 + Math.exp(-value)),
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'large values', inputs: { x: { shape: [1, 5], fill: { values: [-90, -20, 0, 20, 90] } } } },
  ],
})
