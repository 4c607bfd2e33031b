import { present } from '../../../grammar/present.js'
import type { Inference, Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { convolutionAttributes } from '../support/onnx_windows.js'
import { featureMap, mapOf, mapSizes, sizeOf, slide, windowOf } from '../support/shapes.js'
import { at, size } from '../support/tensor.js'
import { reader, slideOver } from '../support/windows.js'
import { biasOf, moduleArguments, windowArguments } from './convolution.js'

const inputChannels = (call: Typed) => sizeOf(call.type('x').shape, 1)

/** The channels that one filter reads. */
const filterChannels = (call: Typed) => inputChannels(call) / call.number('groups')

export const conv2d: Operation = {
  name: 'conv2d',
  documentation: {
    summary: 'Applies a 2D convolution to feature maps.',
    formula: String.raw`y_{f,i,j} = b_f + \sum_{c,u,v} w_{f,c,u,v}\; x_{c,\; i s + u d - p,\; j s + v d - p}`,
    details:
      'y[f, i, j] = bias[f] + sum over c, u, v of weight[f, c, u, v] x[c, i stride + u dilation - padding, j stride + v dilation - padding]. With several groups, filters and channels are divided into as many parts, and each filter sees the channels of its own. Weights are initialised from a normal distribution with variance 2 / (channels of a filter x kernel height x kernel width), biases with 0.',
    example: 'conv = conv2d(trunk.layer1, 32, 3, stride = 2, padding = 1, bias = false)',
    source: 'weights: He et al. 2015, equation 10; sizes: torch.nn.Conv2d',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    { name: 'filters', kind: { is: 'integer', from: 1 }, meaning: 'number of output channels', weightsOnly: true },
    ...windowArguments,
    {
      name: 'groups',
      kind: { is: 'integer', from: 1 },
      default: 1,
      meaning: 'number of groups; divides both the channels and the filters',
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      if (x && !groupsFit(call)) return undefined
      const places = x && slide(call, 'conv2d', x)
      return places && [mapOf(x.batch, call.number('filters'), ...places)]
    },
    parameters(call) {
      const [height, width] = call.pair('kernel')
      const filters = call.number('filters')
      const fanIn = filterChannels(call) * height * width
      const weight = {
        role: 'weight',
        shape: [filters, filterChannels(call), height, width],
        initializer: { kind: 'normal', deviation: Math.sqrt(2 / fanIn) } as const,
        trainable: true,
        tfjsLayout: [2, 3, 1, 0],
      }
      return [weight, ...biasOf(call, filters)]
    },
    multiplyAdds(call, [output]) {
      const [height, width] = call.pair('kernel')
      const [filters, outputHeight, outputWidth] = mapSizes(present(output, 'the output'))
      return filters * outputHeight * outputWidth * filterChannels(call) * height * width
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) =>
      call.runtime('conv2d', call.input('x'), call.scope(), call.options('stride', 'padding', 'dilation', 'groups')),
    pytorch: {
      module: (call) => ({
        type: python.Conv2d,
        arguments: [
          { name: 'in_channels', value: inputChannels(call), positional: true, width: true },
          { name: 'out_channels', value: call.number('filters'), positional: true, width: true },
          ...moduleArguments(call),
          { name: 'groups', value: call.number('groups'), default: 1 },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      const bias = call.flag('bias') ? [call.parameter('bias')] : []
      return [
        call.add(
          'Conv',
          [call.input('x'), call.parameter('weight'), ...bias],
          convolutionAttributes(windowOf(call), call.number('groups')),
        ),
      ]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const weight = call.parameter('weight')
    const read = reader(x)
    const filter = reader(weight)
    const bias = call.flag('bias') ? call.parameter('bias') : undefined
    const channels = filterChannels(call)
    const filters = size(weight, 0) / call.number('groups')
    const output = slideOver(x, windowOf(call), size(weight, 0), false, (b, f, cells) => {
      let sum = bias ? at(bias, f) : 0
      cells((row, column, u, v) => {
        for (let c = 0; c < channels; c++)
          sum += read(b, Math.floor(f / filters) * channels + c, row, column) * filter(f, c, u, v)
      })
      return sum
    })
    return [output]
  },
  cases: [
    {
      name: '3x3',
      inputs: { x: { shape: [2, 3, 5, 6], fill: 'random' } },
      arguments: { filters: 4, kernel: 3, padding: 1 },
    },
    {
      name: 'stride 2 without padding',
      inputs: { x: { shape: [1, 2, 7, 8], fill: 'random' } },
      arguments: { filters: 3, kernel: 3, stride: 2, bias: false },
    },
    {
      name: '1x7, padded along the width',
      inputs: { x: { shape: [2, 2, 3, 9], fill: 'random' } },
      arguments: { filters: 2, kernel: [1, 7], padding: [0, 3] },
    },
    { name: '1x1', inputs: { x: { shape: [3, 5, 4, 4], fill: 'random' } }, arguments: { filters: 2, kernel: 1 } },
    {
      name: '1x1 with stride 2',
      inputs: { x: { shape: [2, 3, 5, 5], fill: 'random' } },
      arguments: { filters: 2, kernel: 1, stride: 2 },
    },
    {
      name: 'dilated',
      inputs: { x: { shape: [1, 2, 9, 9], fill: 'random' } },
      arguments: { filters: 2, kernel: 3, dilation: 2, padding: 2 },
    },
    {
      name: 'two groups',
      inputs: { x: { shape: [2, 4, 4, 5], fill: 'random' } },
      arguments: { filters: 6, kernel: 3, padding: 1, groups: 2 },
    },
    {
      name: 'a group for each channel',
      inputs: { x: { shape: [1, 3, 5, 5], fill: 'random' } },
      arguments: { filters: 3, kernel: 3, stride: 2, groups: 3, bias: false },
    },
    {
      name: 'one pixel',
      inputs: { x: { shape: [1, 4, 1, 1], fill: 'random' } },
      arguments: { filters: 3, kernel: 3, padding: 1 },
    },
  ],
}

function groupsFit(call: Inference): boolean {
  const [groups, channels, filters] = [call.number('groups'), inputChannels(call), call.number('filters')]
  if (channels % groups === 0 && filters % groups === 0) return true
  const advice = `there are ${channels} channels and ${filters} filters`
  call.fail(
    'out-of-range',
    { name: 'groups', value: String(groups), range: 'a divisor of channels and filters', advice },
    ['x'],
  )
  return false
}
