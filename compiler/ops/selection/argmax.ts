import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis, droppingLayout } from '../support/axes.js'
import { floats } from '../support/shapes.js'
import { reduceOver } from '../support/tensor.js'

export const argmax: Operation = {
  name: 'argmax',
  documentation: {
    summary: 'Returns the index of the largest value along one axis, counted from 0.',
    details:
      'Of equal values the first one counts. With a NaN among the values the index is any of them: engines differ. The axis is left out of the result. No gradient goes through it.',
    example: 'strongest = argmax(attention, over = channels)',
    source: 'torch.argmax',
  },
  arguments: [tensorArgument('x', 'any tensor with a batch'), axesArgument('the axis')],
  typing: {
    infer(call) {
      const axis = checkedAxis(call, 'x')
      return axis === undefined ? undefined : [floats(call.type('x').shape.filter((_, index) => index !== axis))]
    },
  },
  semantics: { stopsGradient: ['x'], takesPairs: true },
  lowering: {
    layout: (call) => droppingLayout(call, 'x', [axisOf(call, 'x')]),
    tfjs: (call) => call.genericRuntime('argmax', call.input('x'), source(`${call.axis('x', axisOf(call, 'x'))}`)),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) => call.helper(python.argmax, call.input('x'), literal(axisOf(call, 'x'))),
    },
    onnx(call) {
      const index = call.add('ArgMax', [call.input('x')], { axis: axisOf(call, 'x'), keepdims: 0 }, 'index')
      return [call.cast(index, 'float')]
    },
  },
  reference: (call) => [
    reduceOver(call.tensor('x'), [axisOf(call, 'x')], false, (values) => {
      const largest = Math.max(...values)
      return Number.isNaN(largest) ? largest : values.indexOf(largest)
    }),
  ],
  cases: [
    {
      name: 'a row, with equal values',
      inputs: { x: { shape: [3, 4], fill: { values: [1, 3, 3, 2, 0, 0, 0, 0, -1, -2, -3, -0.5] } } },
      arguments: { over: 'last' },
      noGradient: true,
    },
    {
      name: 'channels',
      inputs: { x: { shape: [2, 4, 2, 3], fill: 'random' } },
      arguments: { over: 'channels' },
      noGradient: true,
    },
    {
      name: 'the rows of maps',
      inputs: { x: { shape: [2, 2, 4, 3], fill: 'random' } },
      arguments: { over: 'height' },
      noGradient: true,
    },
    { name: 'tokens', inputs: { x: { shape: [2, 5, 3], fill: 'random' } }, arguments: { over: 0 }, noGradient: true },
  ],
}
