import { elementAt } from '../../../grammar/present.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { sizeOf, wrongRank } from '../support/shapes.js'
import { at, elements, map, size } from '../support/tensor.js'

export const groupNorm: Operation = {
  name: 'group_norm',
  documentation: {
    summary: 'Normalises groups of neighbouring channels of each image, and scales and shifts each channel.',
    formula: String.raw`y = \frac{x - \mu_g}{\sqrt{\sigma_g^2 + \varepsilon}}\,\gamma_c + \beta_c`,
    details:
      'y = (x - mean) / sqrt(variance + eps) weight + bias, where mean and variance are those of all values of a group, and weight and bias are those of the channel. The channels are the first axis after the batch. Training and inference compute the same.',
    example: 'normalised = group_norm(trunk.layer3, groups = 8)',
    source: 'Wu and He 2018, equations 1 and 7; torch.nn.GroupNorm',
  },
  arguments: [
    tensorArgument('x', 'feature maps, or any tensor whose first axis is that of the channels'),
    { name: 'groups', kind: { is: 'integer', from: 1 }, meaning: 'number of groups; divides the channels' },
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-5,
      meaning: 'added to the variance, to keep the division finite',
      source: 'torch.nn.GroupNorm',
      varies: true,
      byPhase: false,
    },
  ],
  typing: {
    infer(call) {
      const { element, shape } = call.type('x')
      if (element !== 'float' || shape.length < 2) return wrongRank(call, 'x', 'a tensor with channels')
      const [groups, channels] = [call.number('groups'), channelsOf(call)]
      if (channels % groups === 0) return [call.type('x')]
      const advice = `there are ${channels} channels`
      const range = 'a divisor of the channels'
      return call.fail('out-of-range', { name: 'groups', value: String(groups), range, advice }, ['x'])
    },
    parameters(call) {
      const shape = [channelsOf(call)]
      return [
        { role: 'weight', shape, initializer: { kind: 'constant', value: 1 }, trainable: true },
        { role: 'bias', shape, initializer: { kind: 'constant', value: 0 }, trainable: true },
      ]
    },
  },
  lowering: {
    layout: 'preserved',
    tfjs: (call) =>
      call.genericRuntime(
        'groupNorm',
        call.input('x'),
        call.scope(),
        call.options('groups', 'eps'),
        source(`${call.axis('x', 1)}`),
      ),
    pytorch: {
      underAutocast: 'float32',
      module: (call) => ({
        type: python.GroupNorm,
        arguments: [
          { name: 'num_groups', value: call.number('groups'), positional: true },
          { name: 'num_channels', value: channelsOf(call), positional: true, width: true },
          { name: 'eps', value: call.number('eps'), default: 1e-5 },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      // Before opset 21 GroupNormalization has one weight per group, so InstanceNormalization over the values of each group is used.
      const groups = call.number('groups')
      const all = (value: number) => call.float(Array.from({ length: groups }, () => value))
      const grouped = call.add('Reshape', [call.input('x'), call.int64([0, groups, -1])], {}, 'groups')
      const epsilon = { epsilon: { float: call.number('eps') } }
      const normal = call.add('InstanceNormalization', [grouped, all(1), all(0)], epsilon, 'normalised')
      const sizes = call.type('x').shape.map((axis) => axis.size ?? 0)
      const back = call.add('Reshape', [normal, call.int64(sizes)], {}, 'channels')
      const along = sizes.slice(2).map(() => 1)
      const perChannel = (role: string) =>
        along.length === 0
          ? call.parameter(role)
          : call.add('Reshape', [call.parameter(role), call.int64([-1, ...along])], {}, role)
      return [call.add('Add', [call.add('Mul', [back, perChannel('weight')], {}, 'scaled'), perChannel('bias')])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const groups = size(x, 0) * call.number('groups')
    const channels = channelsOf(call)
    const inner = elements(x.shape.slice(2))
    const length = groups === 0 ? 0 : x.data.length / groups
    const statistics = Array.from({ length: groups }, (_, group) => {
      const values = x.data.subarray(group * length, (group + 1) * length)
      const average = (terms: Float64Array) =>
        call.rounded(terms.reduce((sum, value) => sum + value, 0) / length, length)
      const mean = average(values)
      return { mean, factor: 1 / Math.sqrt(average(values.map((value) => (value - mean) ** 2)) + call.number('eps')) }
    })
    return [
      map(x, (value, index) => {
        const { mean, factor } = elementAt(statistics, Math.floor(index / length))
        const channel = Math.floor(index / inner) % channels
        return (value - mean) * factor * at(call.parameter('weight'), channel) + at(call.parameter('bias'), channel)
      }),
    ]
  },
  cases: [
    { name: 'maps', inputs: { x: { shape: [2, 6, 3, 2], fill: 'random' } }, arguments: { groups: 3, eps: 1e-6 } },
    { name: 'one group', inputs: { x: { shape: [2, 4, 2, 3], fill: 'random' } }, arguments: { groups: 1 } },
    { name: 'each channel', inputs: { x: { shape: [1, 3, 4, 4], fill: 'random' } }, arguments: { groups: 3 } },
    { name: 'a row', inputs: { x: { shape: [3, 6], fill: 'random' } }, arguments: { groups: 2 } },
    { name: 'groups of one value', inputs: { x: { shape: [1, 3], fill: 'random' } }, arguments: { groups: 3 } },
    { name: 'five axes', inputs: { x: { shape: [1, 4, 2, 2, 3], fill: 'random' } }, arguments: { groups: 2 } },
    {
      name: 'equal values',
      inputs: { x: { shape: [1, 2, 2, 2], fill: 'ones' } },
      arguments: { groups: 1 },
      noGradient: true,
    },
  ],
}

function channelsOf(call: Typed): number {
  return sizeOf(call.type('x').shape, 1)
}
