import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { axesArgument, axisOf, checkedAxis } from '../support/axes.js'
import { dimension, floats, sizeOf } from '../support/shapes.js'
import { size, tensor } from '../support/tensor.js'

export const coordinates: Operation = {
  name: 'coordinates',
  documentation: {
    summary: 'Returns the index of each cell along one axis: 0, 1, 2, ...; all images share it.',
    details: 'Index tensors for `gather`, masks and position embeddings are computed from it.',
    example: 'row    = coordinates(trunk.layer3, over = height)\nbottom = row > 5',
    source: 'torch.arange',
  },
  arguments: [tensorArgument('x', 'any tensor with a batch'), axesArgument('the axis')],
  typing: {
    infer(call) {
      const axis = checkedAxis(call, 'x')
      if (axis === undefined) return undefined
      return [floats([dimension('batch', 1), dimension('features', sizeOf(call.type('x').shape, axis))])]
    },
  },
  semantics: { broadcasts: true, stopsGradient: ['x'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.runtime('coordinates', call.input('x'), source(`${axisOf(call, 'x')}`)),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) => call.helper(python.coordinates, call.input('x'), literal(axisOf(call, 'x'))),
    },
    onnx(call) {
      const count = sizeOf(call.type('x').shape, axisOf(call, 'x'))
      const indices = Array.from({ length: count }, (_, index) => index)
      return [call.add('Identity', [call.float(indices, [1, count])])]
    },
  },
  reference(call) {
    const count = size(call.tensor('x'), axisOf(call, 'x'))
    return [
      tensor(
        [1, count],
        Array.from({ length: count }, (_, index) => index),
      ),
    ]
  },
  cases: [
    {
      name: 'rows of maps',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { over: 'height' },
      noGradient: true,
    },
    {
      name: 'tokens',
      inputs: { x: { shape: [1, 6, 2], fill: 'random' } },
      arguments: { over: 0 },
      noGradient: true,
    },
  ],
}
