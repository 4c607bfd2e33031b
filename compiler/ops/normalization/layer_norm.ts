import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import {
  axesArgument,
  checkedLastAxis,
  isLastStored,
  lastAxisOf,
  lastAxisSize,
  layoutWithLast,
} from '../support/axes.js'
import { alongAxis, at } from '../support/tensor.js'

export const layerNorm: Operation = {
  name: 'layer_norm',
  documentation: {
    summary: 'Normalises the values along one axis, such as the features of each token, and scales and shifts them.',
    formula: String.raw`y = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}\,\gamma + \beta`,
    details: 'y = (x - mean) / sqrt(variance + eps) weight + bias, where mean and variance are those along the axis.',
    example: 'normalised = layer_norm(trunk.layer3, eps = 1e-6, over = channels)',
    source: 'Ba et al. 2016, equation 4; torch.nn.LayerNorm; over channels of feature maps: LayerNorm2d of timm',
  },
  arguments: [
    tensorArgument('x', 'tokens, or any tensor with a batch'),
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-5,
      meaning: 'added to the variance, to keep the division finite',
      source: 'torch.nn.LayerNorm',
      varies: true,
      byPhase: false,
    },
    { name: 'bias', kind: { is: 'boolean' }, default: true, meaning: 'whether a learned bias is added' },
    axesArgument('the axis along which values are normalised; by default the last', null),
  ],
  typing: {
    infer: (call) =>
      checkedLastAxis(call, 'x', 'a row or tokens, or have `over` for its axis') === undefined
        ? undefined
        : [call.type('x')],
    parameters(call) {
      const shape = [lastAxisSize(call, 'x')]
      const weight = { role: 'weight', shape, initializer: { kind: 'constant', value: 1 }, trainable: true } as const
      const bias = { role: 'bias', shape, initializer: { kind: 'constant', value: 0 }, trainable: true } as const
      return call.flag('bias') ? [weight, bias] : [weight]
    },
  },
  lowering: {
    layout: (call) => layoutWithLast(call, 'x', lastAxisOf(call, 'x')),
    tfjs(call) {
      const axis = call.axis('x', lastAxisOf(call, 'x'))
      const options = call.options('eps')
      if (isLastStored(call, 'x', axis)) return call.genericRuntime('layerNorm', call.input('x'), call.scope(), options)
      return call.genericRuntime('layerNorm', call.input('x'), call.scope(), options ?? source('{}'), source(`${axis}`))
    },
    pytorch: {
      underAutocast: 'float32',
      module(call) {
        const axis = lastAxisOf(call, 'x')
        const isLast = axis === call.type('x').shape.length - 1
        return {
          type: isLast ? python.LayerNorm : python.LayerNormOver,
          arguments: [
            {
              name: isLast ? 'normalized_shape' : 'features',
              value: lastAxisSize(call, 'x'),
              positional: true,
              width: true,
            },
            ...(isLast ? [] : [{ name: 'axis', value: axis }]),
            { name: 'eps', value: call.number('eps'), default: 1e-5 },
            { name: 'bias', value: call.flag('bias'), default: true },
          ],
        }
      },
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      const axis = lastAxisOf(call, 'x')
      const rank = call.type('x').shape.length
      const parameters = [call.parameter('weight'), ...(call.flag('bias') ? [call.parameter('bias')] : [])]
      const attributes = { axis: -1, epsilon: { float: call.number('eps') } }
      if (axis === rank - 1) return [call.add('LayerNormalization', [call.input('x'), ...parameters], attributes)]
      const order = [...Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis), axis]
      const back = order.map((_, index) => order.indexOf(index))
      const last = call.add('Transpose', [call.input('x')], { perm: order }, 'last')
      const normalised = call.add('LayerNormalization', [last, ...parameters], attributes, 'normalised')
      return [call.add('Transpose', [normalised], { perm: back })]
    },
  },
  reference(call) {
    const [weight, bias] = [call.parameter('weight'), call.flag('bias') ? call.parameter('bias') : undefined]
    return [
      alongAxis(call.tensor('x'), lastAxisOf(call, 'x'), (values) => {
        const average = (terms: readonly number[]) =>
          call.rounded(terms.reduce((sum, value) => sum + value, 0) / terms.length, terms.length)
        const mean = average(values)
        const variance = average(values.map((value) => (value - mean) ** 2))
        const factor = 1 / Math.sqrt(variance + call.number('eps'))
        return values.map((value, i) => (value - mean) * factor * at(weight, i) + (bias ? at(bias, i) : 0))
      }),
    ]
  },
  cases: [
    { name: 'tokens', inputs: { x: { shape: [2, 3, 8], fill: 'random' } } },
    { name: 'a row', inputs: { x: { shape: [3, 5], fill: 'random' } }, arguments: { eps: 1e-6 } },
    {
      name: 'the channels of feature maps',
      inputs: { x: { shape: [2, 6, 3, 2], fill: 'random' } },
      arguments: { over: 'channels', eps: 1e-6 },
    },
    {
      name: 'maps in the order of channels last, without bias',
      inputs: { x: { shape: [1, 2, 3, 4], fill: 'random', axes: ['height', 'width', 'channels'] } },
      arguments: { bias: false },
    },
    { name: 'over tokens', inputs: { x: { shape: [2, 4, 3], fill: 'random' } }, arguments: { over: 0 } },
    { name: 'equal values', inputs: { x: { shape: [1, 2, 4], fill: 'ones' } }, noGradient: true },
  ],
}
