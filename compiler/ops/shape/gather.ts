import { present } from '../../../grammar/present.js'
import { isShared } from '../../graph/graph.js'
import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis } from '../support/axes.js'
import { dimension, floats, mostAxes, numbered, sizeOf, wrongRank } from '../support/shapes.js'
import { at, elements, size, type Tensor, zeros } from '../support/tensor.js'

export const gather: Operation = {
  name: 'gather',
  documentation: {
    summary: 'Selects values along one axis by their indices: the entries of a learned table.',
    details:
      'The axis is replaced by the axes of `index`. All images share the indices; they are limited to the axis and rounded down.',
    example:
      'table  = parameter([13, 4], deviation = 0.02)\nrow    = coordinates(trunk.layer3, over = height)\nchosen = gather(table, row, over = 0)',
    source: 'numpy.take; Gather of ONNX',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    tensorArgument('index', 'indices that all images share, counted from 0'),
    axesArgument('the axis'),
  ],
  typing: {
    infer(call) {
      const axis = checkedAxis(call, 'x')
      if (axis === undefined) return undefined
      const index = call.type('index')
      if (index.element !== 'float' || index.shape.length < 2 || !isShared(index))
        return wrongRank(call, 'index', 'a tensor that all images share')
      const { shape } = call.type('x')
      const sizes = [...shape.slice(1, axis), ...index.shape.slice(1), ...shape.slice(axis + 1)].map(({ size }) => size)
      if (sizes.length > mostAxes) return wrongRank(call, 'index', `a tensor that leaves at most ${mostAxes} axes`)
      const batch = present(shape[0], 'the batch')
      return [floats([batch, ...sizes.map((size, place) => dimension(numbered(place), size))])]
    },
  },
  semantics: { broadcasts: true, stopsGradient: ['index'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.genericRuntime('gather', call.input('x'), call.input('index'), source(`${axisOf(call, 'x')}`)),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) =>
        call.helper(python.gather, call.input('x'), call.input('index'), literal(axisOf(call, 'x'))),
    },
    onnx(call) {
      const axis = axisOf(call, 'x')
      const last = call.float(sizeOf(call.type('x').shape, axis) - 1)
      const limited = call.add('Clip', [call.input('index'), call.float(0), last], {}, 'limited')
      const whole = call.cast(limited, 'int64', 'whole')
      const index = call.add('Squeeze', [whole, call.int64([0])], {}, 'index')
      return [call.add('Gather', [call.input('x'), index], { axis })]
    },
  },
  reference: (call) => [taken(call)],
  cases: [
    {
      name: 'entries of a table',
      inputs: {
        x: { shape: [1, 5, 3], fill: 'random' },
        index: { shape: [1, 2, 2], fill: { values: [4, 0, 1, 4] }, shared: true },
      },
      arguments: { over: 0 },
    },
    {
      name: 'columns of maps, indices limited and rounded down',
      inputs: {
        x: { shape: [2, 2, 3, 4], fill: 'random' },
        index: { shape: [1, 3], fill: { values: [-1, 2.5, 7] }, shared: true },
      },
      arguments: { over: 'last' },
    },
  ],
}

function taken(call: { tensor(argument: string): Tensor } & Typed): Tensor {
  const [x, index, axis] = [call.tensor('x'), call.tensor('index'), axisOf(call, 'x')]
  const length = size(x, axis)
  const inner = elements(x.shape.slice(axis + 1))
  const outer = elements(x.shape.slice(0, axis))
  const out = zeros([...x.shape.slice(0, axis), ...index.shape.slice(1), ...x.shape.slice(axis + 1)])
  let place = 0
  for (let row = 0; row < outer; row++)
    for (let one = 0; one < index.data.length; one++) {
      const entry = Math.floor(Math.min(Math.max(at(index, one), 0), length - 1))
      const begin = (row * length + entry) * inner
      out.data.set(x.data.subarray(begin, begin + inner), place)
      place += inner
    }
  return out
}
