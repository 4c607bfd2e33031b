import { pointwise } from '../support/elementwise.js'

export const softplus = pointwise({
  name: 'softplus',
  documentation: {
    summary: 'Computes a smooth relu that is positive everywhere.',
    formula: String.raw`y = \ln(1 + e^{x})`,
    details: 'y = ln(1 + e^x)',
    example: 'width = softplus(features)',
    source: 'torch.nn.functional.softplus',
  },
  lowering: {
    tfjs: (call) => call.tf('softplus', call.input('x')),
    pytorch: { expression: (call) => call.torch('F.softplus', call.input('x')) },
    onnx: (call) => [call.add('Softplus', [call.input('x')])],
  },
  compute: (value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))),
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'large values', inputs: { x: { shape: [1, 5], fill: { values: [-30, -5, 0, 5, 90] } } } },
  ],
})
