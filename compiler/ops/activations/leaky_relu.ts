import { pointwise } from '../support/elementwise.js'

export const leakyRelu = pointwise({
  name: 'leaky_relu',
  documentation: {
    summary: 'Multiplies negative values by a small slope.',
    formula: String.raw`y = \begin{cases} x & x > 0 \\ \mathrm{slope} \cdot x & \text{elsewhere} \end{cases}`,
    details: 'y = x above 0, and slope x elsewhere',
    example: 'active = leaky_relu(features, 0.1)',
    source: 'Maas et al. 2013; torch.nn.functional.leaky_relu',
  },
  arguments: [
    {
      name: 'slope',
      kind: { is: 'number', from: 0 },
      default: 0.01,
      meaning: 'factor of negative values',
      varies: true,
    },
  ],
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.tf('leakyRelu', call.input('x'), call.code('slope')),
    pytorch: { expression: (call) => call.torch('F.leaky_relu', call.input('x'), call.code('slope')) },
    onnx: (call) => [call.add('LeakyRelu', [call.input('x')], { alpha: { float: call.number('slope') } })],
  },
  compute: (value, call) => (value > 0 ? value : call.number('slope') * value),
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    {
      name: 'a slope of 0.2',
      inputs: { x: { shape: [1, 3], fill: { values: [-2, 3, -4] } } },
      arguments: { slope: 0.2 },
    },
  ],
})
