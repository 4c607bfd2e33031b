import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const exp = pointwise({
  name: 'exp',
  documentation: {
    summary: 'Computes the exponential of each element.',
    details: 'y = e^x',
    example: 'weight = exp(features)',
    source: 'torch.exp',
  },
  lowering: {
    tfjs: (call) => call.tf('exp', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'exp') },
    onnx: (call) => [call.add('Exp', [call.input('x')])],
  },
  compute: Math.exp,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'large and small values', inputs: { x: { shape: [1, 5], fill: { values: [-30, -1, 0, 1, 10] } } } },
  ],
})
