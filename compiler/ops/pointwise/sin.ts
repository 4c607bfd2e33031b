import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const sin = pointwise({
  name: 'sin',
  documentation: {
    summary: 'Computes the sine of each element, an angle in radians.',
    details: 'y = sin(x)',
    example: 'wave = sin(0.1 * coordinates(trunk.layer3, over = width))',
    source: 'torch.sin',
  },
  lowering: {
    tfjs: (call) => call.tf('sin', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'sin') },
    onnx: (call) => [call.add('Sin', [call.input('x')])],
  },
  compute: Math.sin,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'several turns', inputs: { x: { shape: [1, 6], fill: { values: [-60, -3.5, -0.001, 0, 2, 25] } } } },
  ],
})
