import { training } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { rateArgument, tensorArgument } from '../support/arguments.js'
import { wrongRank } from '../support/shapes.js'
import { elements, map, size } from '../support/tensor.js'

export const dropPath: Operation = {
  name: 'drop_path',
  documentation: {
    summary:
      'In training, sets all values of an image to zero at random and scales those of the others up; in inference, does nothing.',
    formula: String.raw`y = \begin{cases} 0 & \text{with probability } r \\ \dfrac{x}{1 - r} & \text{otherwise} \end{cases}`,
    details:
      "Stochastic depth: in front of the sum of a residual block it leaves the block out for some images. An image is dropped with probability rate, and divided by 1 - rate otherwise, which preserves the expectation. The backbones' parameter `drop_path` is the rate of the last block; rates of the blocks before increase linearly from 0.",
    example: 'branch_out = conv2d(trunk.layer3, 96, 1) -> drop_path(10%)\nmixed      = trunk.layer3 + branch_out',
    source: 'Huang et al. 2016, section 3; DropPath of timm with scale_by_keep',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    { ...rateArgument, meaning: 'probability that an image is dropped' },
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('x')
      return element === 'float' && shape.length > 0 ? [call.type('x')] : wrongRank(call, 'x', 'a tensor with a batch')
    },
  },
  semantics: { identityInInference: 'x', random: true },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.runtime('dropPath', call.input('x'), call.at, call.options('rate')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.helper(python.drop_path, call.input('x'), call.code('rate'), training),
    },
    onnx: (call) => [call.add('Identity', [call.input('x')])],
  },
  reference(call) {
    const x = call.tensor('x')
    if (call.phase !== 'training') return [x]
    const [rate, random] = [call.number('rate'), call.random()]
    const factors = Array.from({ length: size(x, 0) }, () => (random() >= rate ? 1 / (1 - rate) : 0))
    const inner = elements(x.shape.slice(1))
    return [map(x, (value, index) => value * (factors[Math.floor(index / inner)] ?? Number.NaN))]
  },
  cases: [
    { name: 'inference', inputs: { x: { shape: [2, 5], fill: 'random' } }, arguments: { rate: 0.5 } },
    {
      name: 'training on tokens',
      inputs: { x: { shape: [6, 2, 3], fill: 'random' } },
      arguments: { rate: 0.4 },
      phase: 'training',
    },
    {
      name: 'training on maps',
      inputs: { x: { shape: [5, 3, 2, 2], fill: 'random' } },
      arguments: { rate: 0.25 },
      phase: 'training',
    },
    {
      name: 'training at rate 0',
      inputs: { x: { shape: [2, 3], fill: 'random' } },
      arguments: { rate: 0 },
      phase: 'training',
    },
  ],
}
