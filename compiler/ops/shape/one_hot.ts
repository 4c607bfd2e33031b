import { present } from '../../../grammar/present.js'
import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, floats, mostAxes, numbered, wrongRank } from '../support/shapes.js'
import { at, zeros } from '../support/tensor.js'

export const oneHot: Operation = {
  name: 'one_hot',
  documentation: {
    summary: 'Converts class indices to vectors with a 1 at the index and 0 elsewhere.',
    details:
      'The vector is a new last axis. Indices are rounded down; for one outside of the classes the vector has zeros only. No gradient goes to the indices.',
    example: 'maps     = argmax(attention, over = channels)\nselected = one_hot(maps, 32)',
    source: 'torch.nn.functional.one_hot',
  },
  arguments: [
    { ...tensorArgument('x', 'indices, counted from 0, or the class label'), label: true },
    {
      name: 'classes',
      kind: { is: 'integer', from: 1 },
      default: null,
      meaning: 'length of the vectors; by default the number of classes of the label',
    },
  ],
  typing: {
    infer(call) {
      const { element, shape, classes } = call.type('x')
      const count = call.has('classes') ? call.number('classes') : classes
      if (count === undefined) {
        const range = 'given, unless x is the label'
        return call.fail('out-of-range', { name: 'classes', value: 'nothing', range, advice: undefined }, ['x'])
      }
      if (shape.length === 0 || shape.length > mostAxes) return wrongRank(call, 'x', 'indices with room for an axis')
      if (element === 'label') return [floats([present(shape[0], 'the batch'), dimension('features', count)])]
      const sizes = [...shape.slice(1).map(({ size }) => size), count]
      const name = (index: number) => (sizes.length === 1 ? 'features' : numbered(index))
      return [floats([present(shape[0], 'the batch'), ...sizes.map((size, index) => dimension(name(index), size))])]
    },
  },
  semantics: { broadcasts: true, stopsGradient: ['x'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.genericRuntime('oneHot', call.input('x'), source(`${countOf(call)}`)),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) => call.helper(python.one_hot, call.input('x'), literal(countOf(call))),
    },
    onnx(call) {
      const count = countOf(call)
      const whole = call.add('Floor', [call.input('x')], {}, 'whole')
      const apart = call.add('Unsqueeze', [whole, call.int64([-1])], {}, 'apart')
      const numbers = call.float(Array.from({ length: count }, (_, index) => index))
      return [call.cast(call.add('Equal', [apart, numbers], {}, 'equal'), 'float')]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const count = countOf(call)
    const out = zeros([...x.shape, count])
    for (let index = 0; index < x.data.length; index++) {
      const which = Math.floor(at(x, index))
      if (Number.isNaN(which)) out.data.fill(which, index * count, (index + 1) * count)
      else if (which >= 0 && which < count) out.data[index * count + which] = 1
    }
    return [out]
  },
  cases: [
    { name: 'labels', inputs: { x: { shape: [4], fill: { labels: [2, 0, 1, 2], classes: 3 } } }, noGradient: true },
    {
      name: 'indices, some outside',
      inputs: { x: { shape: [2, 3], fill: { values: [0, 1.5, -1, 3, 2, 4] } } },
      arguments: { classes: 4 },
      noGradient: true,
    },
    {
      name: 'a map of indices',
      inputs: { x: { shape: [1, 2, 2], fill: { values: [0, 1, 1, 0] } } },
      arguments: { classes: 2 },
      noGradient: true,
    },
  ],
}

function countOf(call: Typed): number {
  return call.has('classes') ? call.number('classes') : present(call.type('x').classes, 'classes of the label')
}
