import { pointwise } from '../support/elementwise.js'

export const relu = pointwise({
  name: 'relu',
  documentation: {
    summary: 'Replaces negative values by zero.',
    formula: String.raw`y = \max(x, 0)`,
    details: 'y = max(x, 0)',
    example: 'active = relu(trunk.layer3)',
    source: 'Nair and Hinton 2010',
  },
  semantics: { lowPrecision: true, produces: () => 'rectified' },
  lowering: {
    tfjs: (call) => call.runtime('relu', call.input('x')),
    isActivation: true,
    pytorch: { expression: (call) => call.torch('F.relu', call.input('x')) },
    onnx: (call) => [call.add('Relu', [call.input('x')])],
  },
  compute: (value) => Math.max(0, value),
  cases: [
    { name: 'maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'zeros', inputs: { x: { shape: [1, 4], fill: 'zeros' } }, noGradient: true },
  ],
})
