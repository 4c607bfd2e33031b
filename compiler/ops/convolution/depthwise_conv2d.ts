import { present } from '../../../grammar/present.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { convolutionAttributes } from '../support/onnx_windows.js'
import { featureMap, mapOf, mapSizes, sizeOf, slide, windowOf } from '../support/shapes.js'
import { at, size } from '../support/tensor.js'
import { reader, slideOver } from '../support/windows.js'
import { biasOf, moduleArguments, windowArguments } from './convolution.js'

const channelsOf = (call: Typed) => sizeOf(call.type('x').shape, 1)

export const depthwiseConv2d: Operation = {
  name: 'depthwise_conv2d',
  documentation: {
    summary: 'Applies a depthwise 2D convolution: one filter per channel.',
    formula: String.raw`y_{c,i,j} = b_c + \sum_{u,v} w_{c,u,v}\; x_{c,\; i s + u d - p,\; j s + v d - p}`,
    details:
      'This is a convolution with as many groups as channels. Weights are initialised from a normal distribution with variance 2 / (kernel height x kernel width), biases with 0.',
    example: 'conv = depthwise_conv2d(trunk.layer1, 3, padding = 1, bias = false)',
    source: 'torch.nn.Conv2d with groups = channels',
  },
  arguments: [tensorArgument('x', 'feature maps'), ...windowArguments],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const places = x && slide(call, 'depthwise_conv2d', x)
      return places && [mapOf(x.batch, x.channels, ...places)]
    },
    parameters(call) {
      const [height, width] = call.pair('kernel')
      const channels = channelsOf(call)
      const weight = {
        role: 'weight',
        shape: [channels, 1, height, width],
        initializer: { kind: 'normal', deviation: Math.sqrt(2 / (height * width)) } as const,
        trainable: true,
        tfjsLayout: [2, 3, 0, 1],
      }
      return [weight, ...biasOf(call, channels)]
    },
    multiplyAdds(call, [output]) {
      const [height, width] = call.pair('kernel')
      const [filters, outputHeight, outputWidth] = mapSizes(present(output, 'the output'))
      return filters * outputHeight * outputWidth * height * width
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) =>
      call.runtime('depthwiseConv2d', call.input('x'), call.scope(), call.options('stride', 'padding', 'dilation')),
    pytorch: {
      module: (call) => ({
        type: python.Conv2d,
        arguments: [
          { name: 'in_channels', value: channelsOf(call), positional: true, width: true },
          { name: 'out_channels', value: channelsOf(call), positional: true, width: true },
          ...moduleArguments(call),
          { name: 'groups', value: channelsOf(call), width: true },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      const bias = call.flag('bias') ? [call.parameter('bias')] : []
      const attributes = convolutionAttributes(windowOf(call), channelsOf(call))
      return [call.add('Conv', [call.input('x'), call.parameter('weight'), ...bias], attributes)]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const read = reader(x)
    const filter = reader(call.parameter('weight'))
    const bias = call.flag('bias') ? call.parameter('bias') : undefined
    const output = slideOver(x, windowOf(call), size(x, 1), false, (b, c, cells) => {
      let sum = bias ? at(bias, c) : 0
      cells((row, column, u, v) => {
        sum += read(b, c, row, column) * filter(c, 0, u, v)
      })
      return sum
    })
    return [output]
  },
  cases: [
    { name: '3x3', inputs: { x: { shape: [2, 3, 5, 6], fill: 'random' } }, arguments: { kernel: 3, padding: 1 } },
    {
      name: 'stride 2',
      inputs: { x: { shape: [1, 4, 7, 7], fill: 'random' } },
      arguments: { kernel: 3, stride: 2, padding: 1, bias: false },
    },
    {
      name: '5x5 on one pixel',
      inputs: { x: { shape: [1, 2, 1, 1], fill: 'random' } },
      arguments: { kernel: 5, padding: 2 },
    },
  ],
}
