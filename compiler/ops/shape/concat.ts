import { elementAt } from '../../../grammar/present.js'
import { shapeText, type TensorType } from '../../graph/graph.js'
import { list, literal } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { axesArgument, axisOf, checkedAxis } from '../support/axes.js'
import { floats, sizeOf } from '../support/shapes.js'
import { concatenate } from '../support/tensor.js'

export const concat: Operation = {
  name: 'concat',
  documentation: {
    summary: 'Joins tensors along one axis: feature maps along their channels, rows along their features.',
    example: 'both = concat(global_avg_pool(trunk.layer2), global_avg_pool(trunk.layer3))',
  },
  arguments: [
    {
      name: 'x',
      kind: { is: 'tensors', atLeast: 1 },
      meaning: 'tensors that have equal sizes, except along the axis',
    },
    axesArgument('the axis along which they are joined', 0),
  ],
  typing: {
    infer(call) {
      const types = call.types('x')
      const first = elementAt(types, 0)
      if (
        types.some(
          (type) => type.element !== 'float' || type.shape.length !== first.shape.length || type.shape.length < 2,
        )
      )
        return call.fail('shape-mismatch', { callee: 'concat', shapes: types.map(shapeText) }, ['x'])
      const axis = checkedAxis(call, 'x')
      if (axis === undefined) return undefined
      const others = ({ shape }: TensorType) =>
        shape.map((d, i) => (i === axis || i === 0 ? '' : String(d.size))).join()
      if (types.some((type) => others(type) !== others(first)))
        return call.fail('shape-mismatch', { callee: 'concat', shapes: types.map(shapeText) }, ['x'])
      const total = types.reduce((sum, type) => sum + sizeOf(type.shape, axis), 0)
      return [floats(first.shape.map((d, index) => (index === axis ? { ...d, size: total } : d)))]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.tf('concat', array(call.inputs('x')), source(`${call.axis('x', axisOf(call, 'x'))}`)),
    pytorch: { expression: (call) => call.torch('torch.cat', list(call.inputs('x')), literal(axisOf(call, 'x'))) },
    onnx: (call) => [call.add('Concat', call.inputs('x'), { axis: axisOf(call, 'x') })],
  },
  reference: (call) => [concatenate(call.tensors('x'), axisOf(call, 'x'))],
  cases: [
    {
      name: 'feature maps',
      inputs: {
        x: [
          { shape: [2, 3, 2, 3], fill: 'random' },
          { shape: [2, 1, 2, 3], fill: 'positive' },
        ],
      },
    },
    {
      name: 'rows',
      inputs: {
        x: [
          { shape: [3, 2], fill: 'random' },
          { shape: [3, 4], fill: 'random' },
          { shape: [3, 1], fill: 'ones' },
        ],
      },
    },
    {
      name: 'tokens',
      inputs: {
        x: [
          { shape: [2, 1, 3], fill: 'random' },
          { shape: [2, 4, 3], fill: 'random' },
        ],
      },
    },
    {
      name: 'along the columns',
      inputs: {
        x: [
          { shape: [2, 2, 3, 1], fill: 'random' },
          { shape: [2, 2, 3, 2], fill: 'random' },
        ],
      },
      arguments: { over: 'last' },
    },
    { name: 'one tensor', inputs: { x: [{ shape: [1, 2, 2, 2], fill: 'random' }] } },
  ],
}
