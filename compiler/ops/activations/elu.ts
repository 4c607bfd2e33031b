import { pointwise } from '../support/elementwise.js'

export const elu = pointwise({
  name: 'elu',
  documentation: {
    summary: 'Replaces negative values by an exponential that levels off.',
    formula: String.raw`y = \begin{cases} x & x > 0 \\ \alpha\,(e^{x} - 1) & \text{elsewhere} \end{cases}`,
    details: 'y = x above 0, and alpha (e^x - 1) elsewhere',
    example: 'active = elu(features)',
    source: 'Clevert et al. 2015; torch.nn.functional.elu',
  },
  arguments: [
    {
      name: 'alpha',
      kind: { is: 'number', from: 0 },
      default: 1,
      meaning: 'how far below 0 it levels off',
      varies: true,
    },
  ],
  lowering: {
    tfjs: (call) => call.runtime('elu', call.input('x'), call.options('alpha')),
    pytorch: { expression: (call) => call.torch('F.elu', call.input('x'), call.keyword('alpha')) },
    onnx: (call) => [call.add('Elu', [call.input('x')], { alpha: { float: call.number('alpha') } })],
  },
  compute: (value, call) => (value > 0 ? value : call.number('alpha') * Math.expm1(value)),
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    {
      name: 'another alpha',
      inputs: { x: { shape: [1, 3], fill: { values: [-2, 3, -40] } } },
      arguments: { alpha: 0.5 },
    },
  ],
})
