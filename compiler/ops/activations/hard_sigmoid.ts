import { pointwise } from '../support/elementwise.js'

export const hardSigmoid = pointwise({
  name: 'hard_sigmoid',
  documentation: {
    summary: 'Approximates the sigmoid by a line between -3 and 3.',
    formula: String.raw`y = \frac{\min(\max(x + 3, 0), 6)}{6}`,
    details: 'y = min(max(x + 3, 0), 6) / 6',
    example: 'gate = hard_sigmoid(features)',
    source: 'Howard et al. 2019 (MobileNetV3), section 5.2; torch.nn.functional.hardsigmoid',
  },
  semantics: { lowPrecision: true, produces: () => 'from 0 to 1' },
  lowering: {
    tfjs: (call) => call.runtime('hardSigmoid', call.input('x')),
    pytorch: { expression: (call) => call.torch('F.hardsigmoid', call.input('x')) },
    onnx: (call) => [call.add('HardSigmoid', [call.input('x')], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } })],
  },
  compute: (value) => Math.min(Math.max(value + 3, 0), 6) / 6,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'outside of the line', inputs: { x: { shape: [1, 5], fill: { values: [-90, -4, 0.5, 5, 90] } } } },
  ],
})
