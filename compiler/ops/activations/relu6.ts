import { pointwise } from '../support/elementwise.js'

export const relu6 = pointwise({
  name: 'relu6',
  documentation: {
    summary: 'Clips values to the range from 0 to 6.',
    formula: String.raw`y = \min(\max(x, 0), 6)`,
    details: 'y = min(max(x, 0), 6)',
    example: 'active = relu6(trunk.layer3)',
    source: 'Sandler et al. 2018 (MobileNetV2)',
  },
  semantics: { lowPrecision: true, produces: () => 'rectified' },
  lowering: {
    tfjs: (call) => call.runtime('relu6', call.input('x')),
    isActivation: true,
    pytorch: { expression: (call) => call.torch('F.relu6', call.input('x')) },
    onnx: (call) => [call.add('Clip', [call.input('x'), call.float(0), call.float(6)])],
  },
  compute: (value) => Math.min(6, Math.max(0, value)),
  cases: [
    {
      name: 'on both sides of both bends',
      inputs: { x: { shape: [2, 4], fill: { values: [-7, -0.5, 0.5, 3, 5.5, 6.5, 9, 1] } } },
    },
    { name: 'maps', inputs: { x: { shape: [1, 3, 4, 5], fill: 'random' } } },
  ],
})
