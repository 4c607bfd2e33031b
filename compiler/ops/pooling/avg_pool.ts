import { keyword, literal } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { kernelArgument, paddingArgument, poolStrideArgument, tensorArgument } from '../support/arguments.js'
import { windowAttributes } from '../support/onnx_windows.js'
import { featureMap, mapOf, slidePool, windowOf } from '../support/shapes.js'
import { size } from '../support/tensor.js'
import { reader, slideOver } from '../support/windows.js'

export const avgPool: Operation = {
  name: 'avg_pool',
  documentation: {
    summary: 'Computes the mean of a sliding window, per channel.',
    details:
      'With count_padding, padded cells count as zeros, and every window is divided by its full size (torch, InceptionV3 in torchvision). Without, only existing cells are averaged (TensorFlow\'s "same", InceptionV3 in Keras).',
    example: 'pooled = avg_pool(trunk.layer1, 3, stride = 1, padding = 1)',
    source: 'torch.nn.AvgPool2d',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    kernelArgument,
    poolStrideArgument,
    paddingArgument,
    {
      name: 'count_padding',
      kind: { is: 'boolean' },
      default: true,
      meaning: 'whether padded cells are included in the mean',
    },
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const places = x && slidePool(call, 'avg_pool', x)
      return places && [mapOf(x.batch, x.channels, ...places)]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) =>
      call.runtime('avgPool', call.input('x'), call.options('kernel', 'stride', 'padding', 'count_padding')),
    pytorch: {
      expression: (call) =>
        call.torch(
          'F.avg_pool2d',
          call.input('x'),
          call.code('kernel'),
          call.keyword('stride'),
          call.keyword('padding'),
          call.flag('count_padding') ? undefined : keyword('count_include_pad', literal(false)),
        ),
    },
    onnx: (call) => [
      call.add('AveragePool', [call.input('x')], {
        ...windowAttributes(windowOf(call)),
        count_include_pad: call.flag('count_padding') ? 1 : 0,
      }),
    ],
  },
  reference(call) {
    const x = call.tensor('x')
    const read = reader(x)
    const window = windowOf(call)
    const output = slideOver(x, window, size(x, 1), false, (b, c, cells) => {
      let sum = 0
      let count = 0
      cells((row, column) => {
        sum += read(b, c, row, column)
        count++
      })
      return sum / (call.flag('count_padding') ? window.kernel[0] * window.kernel[1] : count)
    })
    return [output]
  },
  cases: [
    {
      name: '3x3, padding counted',
      inputs: { x: { shape: [2, 2, 5, 6], fill: 'random' } },
      arguments: { kernel: 3, stride: 1, padding: 1 },
    },
    {
      name: '3x3, padding not counted',
      inputs: { x: { shape: [2, 2, 5, 6], fill: 'random' } },
      arguments: { kernel: 3, stride: 1, padding: 1, count_padding: false },
    },
    { name: 'stride as the kernel', inputs: { x: { shape: [1, 3, 5, 4], fill: 'random' } }, arguments: { kernel: 2 } },
    {
      name: '3x3 on one pixel',
      inputs: { x: { shape: [1, 2, 1, 1], fill: 'random' } },
      arguments: { kernel: 3, stride: 1, padding: 1 },
    },
  ],
}
