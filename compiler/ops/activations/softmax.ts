import { arithmetic, literal } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { rowsOf } from '../support/shapes.js'
import { softmaxRows } from '../support/softmax.js'

export const softmax: Operation = {
  name: 'softmax',
  documentation: {
    summary: 'Converts logits to probabilities that sum to 1.',
    details:
      'p = exp(x / temperature) / sum of exp(x / temperature). A temperature above 1 makes the distribution softer.',
    example: 'predict probabilities = softmax(master.logits)',
    source: 'temperature: Hinton et al. 2015, equation 1',
  },
  arguments: [
    { ...tensorArgument('x', 'logits'), unlikely: 'probabilities' },
    {
      name: 'temperature',
      kind: { is: 'number', above: 0 },
      default: 1,
      meaning: 'divisor of the logits',
      advice: '1 leaves the logits unchanged; 10 is usual for the targets of a distillation',
    },
  ],
  typing: { infer: (call) => rowsOf(call, 'x') && [call.type('x')] },
  semantics: { produces: () => 'probabilities' },
  lowering: {
    tfjs(call) {
      const x = call.input('x')
      return call.value('temperature') === 1
        ? call.tf('softmax', x)
        : call.tf('softmax', { ...call.tf('div', x, call.code('temperature')), resultType: 'tf.Tensor2D' })
    },
    pytorch: {
      expression(call) {
        const x = call.input('x')
        const scaled = call.number('temperature') === 1 ? x : arithmetic('/', x, call.code('temperature'))
        return call.torch('F.softmax', scaled, literal(1))
      },
    },
    onnx(call) {
      const temperature = call.number('temperature')
      const x =
        temperature === 1
          ? call.input('x')
          : call.add('Div', [call.input('x'), call.float(temperature)], {}, 'temperature')
      return [call.add('Softmax', [x], { axis: -1 })]
    },
  },
  reference: (call) => [softmaxRows(call.tensor('x'), call.number('temperature'))],
  cases: [
    { name: 'logits', inputs: { x: { shape: [3, 5], fill: 'random' } } },
    { name: 'softened', inputs: { x: { shape: [2, 4], fill: 'random' } }, arguments: { temperature: 10 } },
    { name: 'large logits', inputs: { x: { shape: [1, 3], fill: { values: [1000, 999, -1000] } } }, noGradient: true },
  ],
}
