import { keyword } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axesOf, checkedAxes, pytorchAxes, storedAxesCode } from '../support/axes.js'
import { combineBroadcast } from '../support/broadcasting.js'
import { reduceOver } from '../support/tensor.js'

export const l2Normalize: Operation = {
  name: 'l2_normalize',
  documentation: {
    summary: 'Scales the values of each image, or those along some axes, to Euclidean length 1.',
    formula: String.raw`y = \frac{x}{\sqrt{\max\left(\sum_i x_i^2,\ \varepsilon\right)}}`,
    details:
      'y = x / sqrt(max(sum of x squared, eps)). Without `over` the sum is over all dimensions except the batch; for part features, over maps and features jointly.',
    example:
      'embedding = parts -> signed_sqrt -> l2_normalize\nunit      = l2_normalize(trunk.layer3, over = channels)',
    source: 'tf.nn.l2_normalize; jointly: WS-DAN, official code',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-12,
      meaning: 'lower bound of the squared length',
      varies: true,
    },
    axesArgument('the axes along which values have length 1 together; by default all', null),
  ],
  typing: { infer: (call) => (call.has('over') && !checkedAxes(call, 'x') ? undefined : [call.type('x')]) },
  semantics: { produces: (call) => (call.has('over') ? undefined : 'unit length') },
  lowering: {
    layout: 'preserved',
    tfjs(call) {
      const options = call.options('eps')
      if (!call.has('over')) return call.runtime('l2Normalize', call.input('x'), options)
      const axes = storedAxesCode(call, 'x', axesOf(call, 'x'))
      return call.runtime('l2Normalize', call.input('x'), options ?? source('{}'), axes)
    },
    pytorch: {
      expression: (call) =>
        call.helper(
          python.l2_normalize,
          call.input('x'),
          call.keyword('eps'),
          call.has('over') ? keyword('axes', pytorchAxes(axesOf(call, 'x'))) : undefined,
        ),
    },
    onnx(call) {
      const axes = normalisedAxes(call)
      // ReduceSumSquare would be one operator fewer, but converters and ONNX Runtime's shape inference do not support it in opset 18.
      const squares = call.add('Mul', [call.input('x'), call.input('x')], {}, 'squares')
      const sum = call.add('ReduceSum', [squares, call.int64(axes)], { keepdims: 1 }, 'sum_of_squares')
      const bounded = call.add('Max', [sum, call.float(call.number('eps'))], {}, 'eps')
      return [call.add('Div', [call.input('x'), call.add('Sqrt', [bounded], {}, 'length')])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const squares = reduceOver(x, normalisedAxes(call), true, (values) =>
      values.reduce((sum, value) => sum + value ** 2, 0),
    )
    return [
      combineBroadcast([x, squares], (value, sum = 0) => (value ?? 0) / Math.sqrt(Math.max(sum, call.number('eps')))),
    ]
  },
  cases: [
    { name: 'part features', inputs: { x: { shape: [2, 3, 4], fill: 'random' } } },
    { name: 'a row', inputs: { x: { shape: [3, 5], fill: 'random' } } },
    {
      name: 'over channels',
      inputs: { x: { shape: [2, 3, 4, 2], fill: 'random' } },
      arguments: { over: 'channels' },
    },
    { name: 'over space', inputs: { x: { shape: [1, 2, 3, 2], fill: 'random' } }, arguments: { over: 'space' } },
    {
      name: 'over tokens',
      inputs: { x: { shape: [2, 4, 3], fill: 'random' } },
      arguments: { over: 0, eps: 0.01 },
    },
    { name: 'zeros', inputs: { x: { shape: [2, 4], fill: 'zeros' } }, noGradient: true },
  ],
}

function normalisedAxes(call: Typed): readonly number[] {
  return call.has('over')
    ? axesOf(call, 'x')
    : call
        .type('x')
        .shape.map((_, index) => index)
        .slice(1)
}
