import { arithmetic, literal } from '../../targets/pytorch/expression.js'
import { source, typeOfRank } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, checkedLastAxis, isLastStored, lastAxisOf, layoutWithLast } from '../support/axes.js'
import type { Case } from '../support/case.js'
import { softmaxOf } from '../support/softmax.js'

export const softmax: Operation = {
  name: 'softmax',
  documentation: {
    summary: 'Converts logits to probabilities that sum to 1.',
    formula: String.raw`p_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}`,
    details:
      'p = exp(x / temperature) / sum of exp(x / temperature), along one axis. A temperature above 1 makes the distribution softer.',
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
    axesArgument('the axis along which values sum to 1; by default the last', null),
  ],
  typing: {
    infer: (call) =>
      checkedLastAxis(call, 'x', 'one row of numbers for each image, or have `over` for its axis') === undefined
        ? undefined
        : [call.type('x')],
  },
  semantics: {
    takesPairs: true,
    produces: (call) => (lastAxisOf(call, 'x') === call.type('x').shape.length - 1 ? 'probabilities' : undefined),
  },
  lowering: {
    layout: (call) => layoutWithLast(call, 'x', lastAxisOf(call, 'x')),
    tfjs(call) {
      const [x, axis] = [call.input('x'), call.axis('x', lastAxisOf(call, 'x'))]
      const scaled =
        call.number('temperature') === 1
          ? x
          : { ...call.tf('div', x, call.code('temperature')), resultType: typeOfRank(call.rank('x')) }
      return isLastStored(call, 'x', axis)
        ? call.tf('softmax', scaled)
        : call.genericRuntime('softmaxOver', scaled, source(`${axis}`))
    },
    pytorch: {
      expression(call) {
        const x = call.input('x')
        const scaled = call.number('temperature') === 1 ? x : arithmetic('/', x, call.code('temperature'))
        return call.torch('F.softmax', scaled, literal(lastAxisOf(call, 'x')))
      },
    },
    onnx(call) {
      const temperature = call.number('temperature')
      const x =
        temperature === 1
          ? call.input('x')
          : call.add('Div', [call.input('x'), call.float(temperature)], {}, 'temperature')
      const axis = lastAxisOf(call, 'x')
      return [call.add('Softmax', [x], { axis: axis === call.type('x').shape.length - 1 ? -1 : axis })]
    },
  },
  reference: (call) => [softmaxOf(call.tensor('x'), call.number('temperature'), lastAxisOf(call, 'x'))],
  cases: [
    { name: 'logits', inputs: { x: { shape: [3, 5], fill: 'random' } } },
    { name: 'softened', inputs: { x: { shape: [2, 4], fill: 'random' } }, arguments: { temperature: 10 } },
    { name: 'large logits', inputs: { x: { shape: [1, 3], fill: { values: [1000, 999, -1000] } } }, noGradient: true },
    ...alongOtherAxes(),
  ],
}

function alongOtherAxes(): readonly Case[] {
  const maps = { x: { shape: [2, 3, 4, 5], fill: 'random' } } as const
  return [
    { name: 'over channels', inputs: maps, arguments: { over: 'channels' } },
    { name: 'over the rows', inputs: maps, arguments: { over: 'height' } },
    { name: 'over the columns', inputs: maps, arguments: { over: 'last', temperature: 0.5 } },
    { name: 'over tokens', inputs: { x: { shape: [2, 4, 3], fill: 'random' } }, arguments: { over: 0 } },
    { name: 'of heads', inputs: { x: { shape: [1, 2, 3, 2, 3], fill: 'random' } } },
  ]
}
