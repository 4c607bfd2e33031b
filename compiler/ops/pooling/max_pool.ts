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

export const maxPool: Operation = {
  name: 'max_pool',
  documentation: {
    summary: 'Computes the maximum of a sliding window, per channel.',
    details: 'Padding is never selected: windows at the border use the cells that exist.',
    example: 'pooled = max_pool(trunk.layer1, 3, stride = 2, padding = 1)',
    source: 'torch.nn.MaxPool2d',
  },
  arguments: [tensorArgument('x', 'feature maps'), kernelArgument, poolStrideArgument, paddingArgument, ceilArgument],
  typing: {
    infer(call) {
      const x = featureMap(call, 'x')
      const places = x && slidePool(call, 'max_pool', x, call.flag('ceil'))
      return places && [mapOf(x.batch, x.channels, ...places)]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    tfjs: (call) => call.runtime('maxPool', call.input('x'), call.options('kernel', 'stride', 'padding', 'ceil')),
    pytorch: {
      expression: (call) =>
        call.torch(
          'F.max_pool2d',
          call.input('x'),
          call.code('kernel'),
          call.keyword('stride'),
          call.keyword('padding'),
          call.flag('ceil') ? keyword('ceil_mode', literal(true)) : undefined,
        ),
    },
    onnx(call) {
      const window = windowOf(call)
      const { shape } = call.type('x')
      const [top, left] = window.padding
      // Not ceil_mode: ONNX Runtime counts a last window that begins in the padding, ONNX and torch do not.
      const bottom = top + overhang(sizeOf(shape, 2), window, 0, call.flag('ceil'))
      const right = left + overhang(sizeOf(shape, 3), window, 1, call.flag('ceil'))
      return [call.add('MaxPool', [call.input('x')], { ...windowAttributes(window), pads: [top, left, bottom, right] })]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const read = reader(x)
    const output = slideOver(x, windowOf(call), size(x, 1), call.flag('ceil'), (b, c, cells) => {
      let best = Number.NEGATIVE_INFINITY
      cells((row, column) => {
        best = Math.max(best, read(b, c, row, column))
      })
      return best
    })
    return [output]
  },
  cases: [
    {
      name: '3x3, stride 2',
      inputs: { x: { shape: [2, 2, 7, 8], fill: 'random' } },
      arguments: { kernel: 3, stride: 2 },
    },
    {
      name: 'padded, all negative',
      inputs: {
        x: { shape: [1, 1, 4, 4], fill: { values: Array.from({ length: 16 }, (_, i) => -1 - ((i * 7) % 16)) } },
      },
      arguments: { kernel: 3, stride: 1, padding: 1 },
    },
    {
      name: 'stride as the kernel, odd size',
      inputs: { x: { shape: [1, 3, 5, 5], fill: 'random' } },
      arguments: { kernel: 2 },
    },
    {
      name: 'ceil',
      inputs: { x: { shape: [1, 2, 6, 6], fill: 'random' } },
      arguments: { kernel: 3, stride: 2, ceil: true },
    },
    {
      name: 'ceil, where a last window would begin in the padding',
      inputs: { x: { shape: [1, 2, 6, 5], fill: 'random' } },
      arguments: { kernel: [2, 1], stride: [3, 2], padding: [1, 0], ceil: true },
    },
    {
      name: 'ceil, stride beyond the kernel',
      inputs: { x: { shape: [2, 1, 16, 6], fill: 'random' } },
      arguments: { kernel: 1, stride: 2, ceil: true },
    },
  ],
}
