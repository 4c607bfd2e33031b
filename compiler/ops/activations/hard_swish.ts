import { pointwise } from '../support/elementwise.js'

export const hardSwish = pointwise({
  name: 'hard_swish',
  documentation: {
    summary: 'Multiplies each element by its hard sigmoid.',
    formula: String.raw`y = x\,\frac{\min(\max(x + 3, 0), 6)}{6}`,
    details: 'y = x min(max(x + 3, 0), 6) / 6',
    example: 'active = hard_swish(features)',
    source: 'Howard et al. 2019 (MobileNetV3), section 5.2; torch.nn.functional.hardswish',
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('hardSwish', call.input('x')),
    isActivation: true,
    pytorch: { expression: (call) => call.torch('F.hardswish', call.input('x')) },
    onnx: (call) => [call.add('HardSwish', [call.input('x')])],
  },
  compute: (value) => (value * Math.min(Math.max(value + 3, 0), 6)) / 6,
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
    { name: 'outside of the line', inputs: { x: { shape: [1, 5], fill: { values: [-90, -4, 0.5, 5, 90] } } } },
  ],
})
