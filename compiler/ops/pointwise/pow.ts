import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const pow = pointwise({
  name: 'pow',
  documentation: {
    summary: 'Raises each element to a constant power.',
    formula: String.raw`y = x^{\,p}`,
    details: 'y = x^exponent. A negative element has no power that is not a whole number: the result is NaN.',
    example: 'sharp = pow(attention, 3)',
    source: 'torch.pow',
  },
  arguments: [{ name: 'exponent', kind: { is: 'number' }, meaning: 'the power', varies: true }],
  lowering: {
    tfjs: (call) => call.runtime('pow', call.input('x'), call.code('exponent')),
    pytorch: { expression: (call) => method(call.input('x'), 'pow', call.code('exponent')) },
    onnx: (call) => [call.add('Pow', [call.input('x'), call.float(call.number('exponent'))])],
  },
  compute: (value, call) => value ** call.number('exponent'),
  cases: [
    {
      name: 'a third power',
      inputs: { x: { shape: [1, 4], fill: { values: [0.5, -0.25, 3, -4] } } },
      arguments: { exponent: 3 },
    },
    {
      name: 'a fraction',
      inputs: { x: { shape: [1, 4], fill: { values: [0.5, 0.25, 3, 40] } } },
      arguments: { exponent: 0.3 },
    },
    {
      name: 'zero',
      inputs: { x: { shape: [1, 4], fill: { values: [0.5, -0.25, 0, -4] } } },
      arguments: { exponent: 0 },
    },
    {
      name: 'negative',
      inputs: { x: { shape: [1, 4], fill: { values: [0.5, -0.25, 3, -4] } } },
      arguments: { exponent: -2 },
    },
  ],
})
