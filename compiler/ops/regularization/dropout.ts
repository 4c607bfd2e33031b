import { training } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { rateArgument, tensorArgument } from '../support/arguments.js'
import { at, map, permute, type Tensor } from '../support/tensor.js'

export const dropout: Operation = {
  name: 'dropout',
  documentation: {
    summary: 'In training, sets values to zero at random and scales the others up; in inference, does nothing.',
    formula: String.raw`y_i = \begin{cases} 0 & \text{with probability } r \\ \dfrac{x_i}{1 - r} & \text{otherwise} \end{cases}`,
    details:
      'Each value is dropped with probability rate, and divided by 1 - rate otherwise, which preserves the expectation.',
    example: 'logits = trunk.layer3 -> global_avg_pool -> dropout(20%) -> linear(classes)',
    source: 'Srivastava et al. 2014; scaling: torch.nn.Dropout',
  },
  arguments: [tensorArgument('x', 'any tensor'), rateArgument],
  typing: { infer: (call) => [call.type('x')] },
  semantics: {
    preserves: ['unit length'],
    identityInInference: 'x',
    random: true,
  },
  lowering: {
    tfjs: (call) => call.runtime('dropout', call.input('x'), call.at, call.options('rate')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.torch('F.dropout', call.input('x'), call.code('rate'), training),
    },
    onnx: (call) => [call.add('Identity', [call.input('x')])],
  },
  reference(call) {
    const x = call.tensor('x')
    if (call.phase !== 'training') return [x]
    // Engines draw in their storage order: channels last.
    const order = x.shape.length === 4 ? { there: [0, 2, 3, 1], back: [0, 3, 1, 2] } : undefined
    const dropped = drop(order ? permute(x, order.there) : x, call.number('rate'), call.random())
    return [order ? permute(dropped, order.back) : dropped]
  },
  cases: [
    { name: 'inference', inputs: { x: { shape: [2, 5], fill: 'random' } }, arguments: { rate: 0.5 } },
    { name: 'training', inputs: { x: { shape: [4, 6], fill: 'random' } }, arguments: { rate: 0.4 }, phase: 'training' },
    {
      name: 'training on maps',
      inputs: { x: { shape: [2, 3, 2, 2], fill: 'random' } },
      arguments: { rate: 0.25 },
      phase: 'training',
    },
  ],
}

function drop(x: Tensor, rate: number, random: () => number): Tensor {
  const kept = Array.from(x.data, () => random() >= rate)
  return map(x, (_, index) => (kept[index] ? at(x, index) / (1 - rate) : 0))
}
