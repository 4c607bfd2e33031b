import { elementAt, present } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import { list, literal } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { dimension, floats, mostAxes, numbered, sameShape } from '../support/shapes.js'
import { concatenate, type Tensor } from '../support/tensor.js'

export const stack: Operation = {
  name: 'stack',
  documentation: {
    summary: 'Joins tensors of one shape along a new axis.',
    details: 'Value i along the new axis is tensor i. `concat` joins along an axis that is there already.',
    example: 'both = stack(global_avg_pool(trunk.layer3), max(trunk.layer3, over = space))',
    source: 'torch.stack',
  },
  arguments: [
    { name: 'x', kind: { is: 'tensors', atLeast: 1 }, meaning: 'tensors of one shape' },
    {
      name: 'over',
      kind: { is: 'integer' },
      default: 0,
      meaning: 'the place of the new axis in the result; 0 is the first after the batch, -1 the last',
    },
  ],
  typing: {
    infer(call) {
      const types = call.types('x')
      const first = elementAt(types, 0)
      const fits = first.element === 'float' && first.shape.length > 0
      if (!fits || types.some((type) => type.element !== 'float' || !sameShape(type, first)))
        return call.fail('shape-mismatch', { callee: 'stack', shapes: types.map(shapeText) }, ['x'])
      const rank = first.shape.length
      const [place, axis] = [call.number('over'), placeOf(call)]
      if (rank > mostAxes || axis < 1 || axis > rank) {
        const range =
          rank > mostAxes ? `left out: the result has more than ${mostAxes} axes` : `from ${-rank} to ${rank - 1}`
        return call.fail('out-of-range', { name: 'over', value: String(place), range, advice: undefined }, ['x'])
      }
      const sizes = first.shape.slice(1).map(({ size }) => size)
      const all = [...sizes.slice(0, axis - 1), types.length, ...sizes.slice(axis - 1)]
      return [floats([elementAt(first.shape, 0), ...all.map((size, index) => dimension(numbered(index), size))])]
    },
  },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.genericRuntime('stack', array(call.inputs('x')), source(`${placeOf(call)}`)),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.torch('torch.stack', list(call.inputs('x')), literal(placeOf(call))),
    },
    onnx(call) {
      const axis = placeOf(call)
      const parts = call
        .inputs('x')
        .map((input, index) => call.add('Unsqueeze', [input, call.int64([axis])], {}, `part_${index}`))
      return [call.add('Concat', parts, { axis })]
    },
  },
  reference(call) {
    const axis = placeOf(call)
    const parts = call
      .tensors('x')
      .map(({ shape, data }): Tensor => ({ shape: [...shape.slice(0, axis), 1, ...shape.slice(axis)], data }))
    return [concatenate(parts, axis)]
  },
  cases: [
    {
      name: 'rows',
      inputs: {
        x: [
          { shape: [2, 3], fill: 'random' },
          { shape: [2, 3], fill: 'positive' },
        ],
      },
    },
    {
      name: 'maps, as the last axis',
      inputs: {
        x: [
          { shape: [2, 2, 3, 2], fill: 'random' },
          { shape: [2, 2, 3, 2], fill: 'ones' },
        ],
      },
      arguments: { over: -1 },
    },
    {
      name: 'tokens to maps',
      inputs: {
        x: [
          { shape: [1, 3, 4], fill: 'random' },
          { shape: [1, 3, 4], fill: 'positive' },
          { shape: [1, 3, 4], fill: 'random' },
        ],
      },
      arguments: { over: 1 },
    },
    { name: 'one tensor', inputs: { x: [{ shape: [2, 4], fill: 'random' }] }, arguments: { over: 1 } },
    {
      name: 'windows',
      inputs: {
        x: [
          { shape: [1, 2, 1, 3, 2], fill: 'random' },
          { shape: [1, 2, 1, 3, 2], fill: 'positive' },
        ],
      },
      arguments: { over: 2 },
    },
  ],
}

/** The new axis, the batch counted as axis 0. */
function placeOf(call: Typed): number {
  const place = call.number('over')
  const rank = present(call.types('x')[0], 'a tensor').shape.length
  return place < 0 ? rank + 1 + place : place + 1
}
