import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { keyword, literal } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import {
  ceilArgument,
  kernelArgument,
  paddingArgument,
  poolStrideArgument,
  tensorArgument,
} from '../support/arguments.js'
import { windowAttributes } from '../support/onnx_windows.js'
import { featureMap, mapOf, overhang, sizeOf, slidePool, windowOf } from '../support/shapes.js'
import { size } from '../support/tensor.js'
import { reader, slideOver } from '../support/windows.js'

export const avgPool: Operation = {
  name: 'avg_pool',
  documentation: {
    summary: 'Computes the mean of a sliding window, per channel.',
    details:
      'With count_padding, padded cells count as zeros, and every window is divided by its full size (torch, InceptionV3 in torchvision). Without, only existing cells are averaged (TensorFlow\'s "same", InceptionV3 in Keras). Cells beyond the padding, which `ceil` allows, are never included.',
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
    ceilArgument,
  ],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const places = x && slidePool(call, 'avg_pool', x, call.flag('ceil'))
      return places && [mapOf(x.batch, x.channels, ...places)]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) =>
      call.runtime('avgPool', call.input('x'), call.options('kernel', 'stride', 'padding', 'count_padding', 'ceil')),
    pytorch: {
      expression: (call) =>
        call.torch(
          'F.avg_pool2d',
          call.input('x'),
          call.code('kernel'),
          call.keyword('stride'),
          call.keyword('padding'),
          call.flag('ceil') ? keyword('ceil_mode', literal(true)) : undefined,
          call.flag('count_padding') ? undefined : keyword('count_include_pad', literal(false)),
        ),
    },
    onnx: (call) => [averagePool(call)],
  },
  reference(call) {
    const x = call.tensor('x')
    const read = reader(x)
    const window = windowOf(call)
    const inPadding = (start: number, side: 0 | 1) =>
      Math.min(start + window.kernel[side], size(x, side + 2) + window.padding[side]) - start
    const output = slideOver(x, window, size(x, 1), call.flag('ceil'), (b, c, cells, { top, left }) => {
      let sum = 0
      let count = 0
      cells((row, column) => {
        sum += read(b, c, row, column)
        count++
      })
      return sum / (call.flag('count_padding') ? inPadding(top, 0) * inPadding(left, 1) : count)
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
    {
      name: 'ceil',
      inputs: { x: { shape: [1, 2, 5, 4], fill: 'random' } },
      arguments: { kernel: 2, ceil: true },
    },
    {
      name: 'ceil, padding counted',
      inputs: { x: { shape: [1, 2, 6, 5], fill: 'random' } },
      arguments: { kernel: 3, stride: 2, padding: 1, ceil: true },
    },
    {
      name: 'ceil, padding not counted',
      inputs: { x: { shape: [2, 1, 6, 4], fill: 'random' } },
      arguments: { kernel: 3, stride: 2, padding: 1, count_padding: false, ceil: true },
    },
  ],
}

function averagePool(call: OnnxCall): string {
  const window = windowOf(call)
  const { shape } = call.type('x')
  const [top, left] = window.padding
  const below = overhang(sizeOf(shape, 2), window, 0, call.flag('ceil'))
  const beside = overhang(sizeOf(shape, 3), window, 1, call.flag('ceil'))
  const counted = call.flag('count_padding')
  const attributes = windowAttributes(window)
  if (below === 0 && beside === 0)
    return call.add('AveragePool', [call.input('x')], { ...attributes, count_include_pad: counted ? 1 : 0 })
  // Cells beyond the padding are never counted, so counted padding is added to the input.
  const padded = counted && (top > 0 || left > 0)
  const input = padded
    ? call.add('Pad', [call.input('x'), call.int64([0, 0, top, left, 0, 0, top, left])], {}, 'padded')
    : call.input('x')
  const pads = padded ? [0, 0, below, beside] : [top, left, top + below, left + beside]
  return call.add('AveragePool', [input], { ...attributes, pads, count_include_pad: 0 })
}
