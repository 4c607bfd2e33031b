import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { rowsOf } from '../support/shapes.js'
import { softmaxRows } from '../support/softmax.js'

export const softmax: Operation = {
  name: 'softmax',
  documentation: {
    summary: 'Logits to probabilities that add up to 1.',
    details: 'p = exp(x / temperature) / sum of exp(x / temperature). A temperature above 1 softens.',
    source: 'temperature: Hinton et al. 2015, equation 1',
  },
  arguments: [
    { ...tensorArgument('x', 'logits'), unlikely: 'probabilities' },
    {
      name: 'temperature',
      kind: { is: 'number', above: 0 },
      default: 1,
      meaning: 'what the logits are divided by',
      advice: '1 leaves the logits as they are; 10 is usual where a softened answer teaches',
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
      expression: (call) =>
        call.number('temperature') === 1
          ? `F.softmax(${call.input('x')}, 1)`
          : `F.softmax(${call.operand('x')} / ${call.code('temperature')}, 1)`,
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
