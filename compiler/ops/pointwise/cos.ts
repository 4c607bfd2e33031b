import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const cos = pointwise({
  name: 'cos',
  documentation: {
    summary: 'Computes the cosine of each element, an angle in radians.',
    details: 'y = cos(x)',
    example: 'wave = cos(0.1 * coordinates(trunk.layer3, over = width))',
    source: 'torch.cos',
  },
  lowering: {
    tfjs: (call) => call.tf('cos', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'cos') },
    onnx: (call) => [call.add('Cos', [call.input('x')])],
  },
  compute: Math.cos,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'several turns', inputs: { x: { shape: [1, 6], fill: { values: [-60, -3.5, -0.001, 0, 2, 25] } } } },
  ],
})
