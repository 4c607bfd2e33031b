import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { keyword, quoted } from '../../targets/pytorch/expression.js'
import type { Case } from '../support/case.js'
import { pointwise } from '../support/elementwise.js'
import { erf } from '../support/erf.js'

/** The first opset with a Gelu operator. */
const opsetOfGelu = 20

const tanhShare = 0.044715

const inputs: Case['inputs'] = { x: { shape: [2, 3, 4, 5], fill: 'random' } }
const wide: Case['inputs'] = { x: { shape: [1, 7], fill: { values: [-90, -4, -0.5, 0, 0.5, 4, 90] } } }

export const gelu = pointwise({
  name: 'gelu',
  documentation: {
    summary: 'Multiplies each element by the probability that a normal variable is below it.',
    formula: String.raw`y = \frac{x}{2}\left(1 + \operatorname{erf}\frac{x}{\sqrt 2}\right)`,
    details:
      'y = x (1 + erf(x / sqrt(2))) / 2; with approximate = tanh, y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.',
    example: 'active = gelu(features)',
    source: 'Hendrycks and Gimpel 2016, section 2; torch.nn.functional.gelu',
  },
  arguments: [
    {
      name: 'approximate',
      kind: { is: 'word', words: ['none', 'tanh'] },
      default: 'none',
      meaning: 'none for the exact function, tanh for the approximation that some published models were trained with',
    },
  ],
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('gelu', call.input('x'), call.options('approximate')),
    pytorch: {
      expression: (call) =>
        call.torch(
          'F.gelu',
          call.input('x'),
          call.word('approximate') === 'tanh' ? keyword('approximate', quoted('tanh')) : undefined,
        ),
    },
    onnx(call) {
      const x = call.input('x')
      const approximate = call.word('approximate')
      if (call.opset >= opsetOfGelu) return [call.add('Gelu', [x], { approximate })]
      const inner = approximate === 'tanh' ? tanhOf(call, x) : erfOf(call, x)
      const half = call.add('Mul', [x, call.float(0.5)], {}, 'half')
      return [call.add('Mul', [half, call.add('Add', [inner, call.float(1)], {}, 'raised')])]
    },
  },
  compute: (value, call) =>
    call.word('approximate') === 'tanh'
      ? (value / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + tanhShare * value ** 3)))
      : (value / 2) * (1 + erf(value / Math.SQRT2)),
  cases: [
    { name: 'feature maps', inputs },
    { name: 'large values', inputs: wide },
    { name: 'tanh', inputs, arguments: { approximate: 'tanh' } },
    { name: 'tanh of large values', inputs: wide, arguments: { approximate: 'tanh' } },
  ],
})

/** A division, not the product with 1 / sqrt(2): ONNX Runtime recognises this form and computes it in one kernel. */
function erfOf(call: OnnxCall, x: string): string {
  return call.add('Erf', [call.add('Div', [x, call.float(Math.SQRT2)], {}, 'scaled')], {}, 'erf')
}

function tanhOf(call: OnnxCall, x: string): string {
  const cube = call.add('Pow', [x, call.float(3)], {}, 'cube')
  const sum = call.add('Add', [x, call.add('Mul', [cube, call.float(tanhShare)], {}, 'share')], {}, 'sum')
  return call.add('Tanh', [call.add('Mul', [sum, call.float(Math.sqrt(2 / Math.PI))], {}, 'scaled')], {}, 'tanh')
}
