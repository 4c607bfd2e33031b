import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { at, rows, zeros } from '../support/tensor.js'

export const l2Normalize: Operation = {
  name: 'l2_normalize',
  documentation: {
    summary: 'Scales the values of each image to Euclidean length 1.',
    details:
      'y = x / sqrt(max(sum of x squared, eps)). The sum is over all dimensions except the batch; for part features, over maps and features jointly.',
    example: 'embedding = parts -> signed_sqrt -> l2_normalize',
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
  ],
  typing: { infer: (call) => [call.type('x')] },
  semantics: { produces: () => 'unit length' },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.runtime('l2Normalize', call.input('x'), call.options('eps')),
    pytorch: {
      expression: (call) => call.helper(python.l2_normalize, call.input('x'), call.keyword('eps')),
    },
    onnx(call) {
      const axes = call
        .type('x')
        .shape.map((_, index) => index)
        .slice(1)
      const squares = call.add('ReduceSumSquare', [call.input('x'), call.int64(axes)], { keepdims: 1 }, 'squares')
      const bounded = call.add('Max', [squares, call.float(call.number('eps'))], {}, 'eps')
      return [call.add('Div', [call.input('x'), call.add('Sqrt', [bounded], {}, 'length')])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const [count, columns] = rows(x)
    const out = zeros(x.shape)
    for (let row = 0; row < count; row++) {
      let squares = 0
      for (let i = row * columns; i < (row + 1) * columns; i++) squares += at(x, i) ** 2
      const length = Math.sqrt(Math.max(squares, call.number('eps')))
      for (let i = row * columns; i < (row + 1) * columns; i++) out.data[i] = at(x, i) / length
    }
    return [out]
  },
  cases: [
    { name: 'part features', inputs: { x: { shape: [2, 3, 4], fill: 'random' } } },
    { name: 'a row', inputs: { x: { shape: [3, 5], fill: 'random' } } },
    { name: 'zeros', inputs: { x: { shape: [2, 4], fill: 'zeros' } }, noGradient: true },
  ],
}
