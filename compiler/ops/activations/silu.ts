import { pointwise } from '../support/elementwise.js'

export const silu = pointwise({
  name: 'silu',
  documentation: {
    summary: 'Multiplies each element by its sigmoid: a smooth relu, also called swish.',
    formula: String.raw`y = \frac{x}{1 + e^{-x}}`,
    details: 'y = x / (1 + e^-x)',
    example: 'active = silu(features)',
    source: 'Hendrycks and Gimpel 2016; Ramachandran et al. 2017',
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('silu', call.input('x')),
    isActivation: true,
    pytorch: { expression: (call) => call.torch('F.silu', call.input('x')) },
    onnx: (call) => [call.add('Mul', [call.input('x'), call.add('Sigmoid', [call.input('x')], {}, 'sigmoid')])],
  },
  compute: (value) => value / (1 + Math.exp(-value)),
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'large values', inputs: { x: { shape: [1, 5], fill: { values: [-90, -5, 0, 5, 90] } } } },
  ],
})
