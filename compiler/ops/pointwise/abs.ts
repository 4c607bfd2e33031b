import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const abs = pointwise({
  name: 'abs',
  documentation: {
    summary: 'Computes the absolute value of each element.',
    details: 'y = |x|. The gradient at 0 is 0.',
    example: 'size = abs(features)',
    source: 'torch.abs',
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('abs', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'abs') },
    onnx: (call) => [call.add('Abs', [call.input('x')])],
  },
  compute: Math.abs,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'zeros of both signs', inputs: { x: { shape: [1, 3], fill: { values: [0, -0, -2] } } }, noGradient: true },
  ],
})
