import { training } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { rateArgument, tensorArgument } from '../support/arguments.js'
import { featureMap } from '../support/shapes.js'
import { map, sizes4 } from '../support/tensor.js'

export const attentionDropout: Operation = {
  name: 'attention_dropout',
  documentation: {
    summary:
      'In training, sets whole attention maps to zero at random and scales the others up; in inference, does nothing.',
    formula: String.raw`A_m \mapsto \begin{cases} 0 & \text{with probability } r \\ \dfrac{A_m}{1 - r} & \text{otherwise} \end{cases}`,
    details:
      'Each map is dropped with probability rate, and divided by 1 - rate otherwise, so that no part is represented by a single map.',
    example: 'dropped = attention_dropout(attention, 20%)',
    source: 'arXiv 1808.02152, attention dropout (where p is the probability of keeping a map)',
  },
  arguments: [tensorArgument('x', 'attention maps'), rateArgument],
  typing: { infer: (call) => featureMap(call, 'x') && [call.type('x')] },
  semantics: { identityInInference: 'x', random: true },
  lowering: {
    tfjs: (call) => call.runtime('attentionDropout', call.input('x'), call.at, call.options('rate')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.torch('F.dropout2d', call.input('x'), call.code('rate'), training),
    },
    onnx: (call) => [call.add('Identity', [call.input('x')])],
  },
  reference(call) {
    const x = call.tensor('x')
    if (call.phase !== 'training') return [x]
    const [batch, maps, height, width] = sizes4(x)
    const random = call.random()
    const rate = call.number('rate')
    const kept = Array.from({ length: batch * maps }, () => random() >= rate)
    return [map(x, (value, index) => (kept[Math.floor(index / (height * width))] ? value / (1 - rate) : 0))]
  },
  cases: [
    { name: 'inference', inputs: { x: { shape: [2, 4, 3, 3], fill: 'positive' } }, arguments: { rate: 0.2 } },
    {
      name: 'training',
      inputs: { x: { shape: [3, 5, 2, 3], fill: 'positive' } },
      arguments: { rate: 0.4 },
      phase: 'training',
    },
  ],
}
