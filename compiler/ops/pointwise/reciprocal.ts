import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const reciprocal = pointwise({
  name: 'reciprocal',
  documentation: {
    summary: 'Computes 1 / x for each element.',
    details: 'It is infinite at 0.',
    example: 'inverse = reciprocal(attention + 1)',
    source: 'torch.reciprocal',
  },
  lowering: {
    tfjs: (call) => call.tf('reciprocal', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'reciprocal') },
    onnx: (call) => [call.add('Reciprocal', [call.input('x')])],
  },
  compute: (value) => 1 / value,
  cases: [{ name: 'both signs', inputs: { x: { shape: [1, 4], fill: { values: [0.5, -0.25, 3, -40] } } } }],
})
