import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis } from '../support/axes.js'
import { alongAxis } from '../support/tensor.js'

export const cumsum: Operation = {
  name: 'cumsum',
  documentation: {
    summary: 'Computes the cumulative sum along one axis.',
    formula: String.raw`y_i = \sum_{j \le i} x_j`,
    details: 'y[i] = x[0] + ... + x[i].',
    example: 'share = cumsum(softmax(trunk.layer3, over = width), over = width)',
    source: 'torch.cumsum',
  },
  arguments: [tensorArgument('x', 'any tensor with a batch'), axesArgument('the axis')],
  typing: { infer: (call) => (checkedAxis(call, 'x') === undefined ? undefined : [call.type('x')]) },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.genericRuntime('cumsum', call.input('x'), source(`${call.axis('x', axisOf(call, 'x'))}`)),
    pytorch: { expression: (call) => call.torch('torch.cumsum', call.input('x'), literal(axisOf(call, 'x'))) },
    onnx: (call) => [call.add('CumSum', [call.input('x'), call.int64(axisOf(call, 'x'))])],
  },
  reference(call) {
    return [
      alongAxis(call.tensor('x'), axisOf(call, 'x'), (values) => {
        let sum = 0
        return values.map((value) => {
          sum += value
          return sum
        })
      }),
    ]
  },
  cases: [
    { name: 'a row', inputs: { x: { shape: [3, 5], fill: 'random' } }, arguments: { over: 'last' } },
    { name: 'the rows of maps', inputs: { x: { shape: [2, 3, 4, 2], fill: 'random' } }, arguments: { over: 'height' } },
    {
      name: 'the columns of maps',
      inputs: { x: { shape: [1, 2, 3, 4], fill: 'random' } },
      arguments: { over: 'width' },
    },
    { name: 'channels', inputs: { x: { shape: [2, 4, 2, 2], fill: 'random' } }, arguments: { over: 'channels' } },
    { name: 'tokens', inputs: { x: { shape: [2, 4, 3], fill: 'random' } }, arguments: { over: 0 } },
    { name: 'windows', inputs: { x: { shape: [1, 2, 3, 2, 2], fill: 'random' } }, arguments: { over: 1 } },
  ],
}
