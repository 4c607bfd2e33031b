import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const square = pointwise({
  name: 'square',
  documentation: {
    summary: 'Squares each element.',
    details: 'y = x^2',
    example: 'energy = square(features)',
    source: 'torch.square',
  },
  lowering: {
    tfjs: (call) => call.tf('square', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'square') },
    onnx: (call) => [call.add('Mul', [call.input('x'), call.input('x')])],
  },
  compute: (value) => value * value,
  cases: [{ name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } }],
})
