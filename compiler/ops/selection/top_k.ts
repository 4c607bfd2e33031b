import { elementAt } from '../../../grammar/present.js'
import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis, layoutWithLast } from '../support/axes.js'
import { floats, sizeOf } from '../support/shapes.js'
import { alongAxis, sliceAlong, type Tensor } from '../support/tensor.js'

export const topK: Operation = {
  name: 'top_k',
  documentation: {
    summary: 'Returns the largest values along one axis, in descending order, and their indices.',
    details:
      'Of equal values the first ones are taken. With a NaN among the values the result is any of them: engines differ. Indices are counted from 0. The gradient goes to the values that were taken; none goes through the indices.',
    example: 'best  = top_k(trunk.layer3, 4, over = channels)\nwhich = best.indices',
    source: 'torch.topk',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    { name: 'k', kind: { is: 'integer', from: 1 }, meaning: 'number of values; at most the size of the axis' },
    axesArgument('the axis'),
  ],
  outputs: ['values', 'indices'],
  typing: {
    infer(call) {
      const axis = checkedAxis(call, 'x')
      if (axis === undefined) return undefined
      const { shape } = call.type('x')
      const [k, length] = [call.number('k'), sizeOf(shape, axis)]
      if (k > length) {
        const advice = `${elementAt(shape, axis).name} has the size ${length}`
        return call.fail('out-of-range', { name: 'k', value: String(k), range: `from 1 to ${length}`, advice }, ['x'])
      }
      const type = floats(shape.map((one, index) => (index === axis ? { ...one, size: k } : one)))
      return [type, type]
    },
  },
  lowering: {
    layout: (call) => layoutWithLast(call, 'x', axisOf(call, 'x')),
    tfjs: (call) =>
      call.genericRuntime(
        'topK',
        call.input('x'),
        source(`${call.number('k')}`),
        source(`${call.axis('x', axisOf(call, 'x'))}`),
      ),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) =>
        call.helper(python.top_k, call.input('x'), literal(call.number('k')), literal(axisOf(call, 'x'))),
    },
    onnx(call) {
      const outputs = call.addAll(
        'TopK',
        [call.input('x'), call.int64([call.number('k')])],
        { axis: axisOf(call, 'x') },
        [undefined, 'places'],
      )
      return [elementAt(outputs, 0), call.cast(elementAt(outputs, 1), 'float', 'indices')]
    },
  },
  reference(call) {
    const ranked = (pick: (value: number, index: number) => number): Tensor =>
      alongAxis(call.tensor('x'), axisOf(call, 'x'), (values) =>
        values.some(Number.isNaN)
          ? values.map(() => Number.NaN)
          : order(values).map((index) => pick(elementAt(values, index), index)),
      )
    const first = (x: Tensor) => sliceAlong(x, axisOf(call, 'x'), 0, call.number('k'))
    return [first(ranked((value) => value)), first(ranked((_, index) => index))]
  },
  cases: [
    { name: 'a row', inputs: { x: { shape: [3, 6], fill: 'random' } }, arguments: { k: 2, over: 'last' } },
    { name: 'channels', inputs: { x: { shape: [2, 5, 2, 3], fill: 'random' } }, arguments: { k: 3, over: 'channels' } },
    {
      name: 'the rows of maps',
      inputs: { x: { shape: [2, 2, 4, 3], fill: 'random' } },
      arguments: { k: 2, over: 'height' },
    },
    { name: 'tokens', inputs: { x: { shape: [2, 5, 3], fill: 'random' } }, arguments: { k: 5, over: 0 } },
    {
      name: 'equal values',
      inputs: { x: { shape: [2, 5], fill: { values: [1, 3, 3, 2, 3, 0, 0, 0, 0, 0] } } },
      arguments: { k: 2, over: 'last' },
      noGradient: true,
    },
  ],
}

/** Returns the indices of the values in descending order; ties keep their order. */
function order(values: readonly number[]): number[] {
  return values.map((_, index) => index).sort((a, b) => elementAt(values, b) - elementAt(values, a) || a - b)
}
