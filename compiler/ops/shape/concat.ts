import { elementAt } from '../../../grammar/present.js'
import { shapeText } from '../../graph/graph.js'
import { list, literal } from '../../targets/pytorch/expression.js'
import { array, source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { floats, sizeOf } from '../support/shapes.js'
import { elements, size, type Tensor, zeros } from '../support/tensor.js'

export const concat: Operation = {
  name: 'concat',
  documentation: {
    summary: 'Concatenates feature maps along their channels, or rows along their features.',
    example: 'both = concat(global_avg_pool(trunk.layer2), global_avg_pool(trunk.layer3))',
  },
  arguments: [
    {
      name: 'x',
      kind: { is: 'tensors', atLeast: 1 },
      meaning: 'tensors that have equal sizes, except in the first dimension',
    },
  ],
  typing: {
    infer(call) {
      const types = call.types('x')
      const first = elementAt(types, 0)
      const others = (shape: typeof first.shape) => shape.map((d, i) => (i === 1 ? '' : String(d.size))).join()
      if (
        first.shape.length < 2 ||
        types.some((type) => type.element !== 'float' || others(type.shape) !== others(first.shape))
      )
        return call.fail('shape-mismatch', { callee: 'concat', shapes: types.map(shapeText) }, ['x'])
      const total = types.reduce((sum, type) => sum + sizeOf(type.shape, 1), 0)
      return [floats(first.shape.map((d, index) => (index === 1 ? { ...d, size: total } : d)))]
    },
  },
  semantics: { lowPrecision: true },
  lowering: {
    // Channels stand last in TensorFlow.js; rows and part features are the same on both sides.
    tfjs: (call) => call.tf('concat', array(call.inputs('x')), source(call.rank('x') === 4 ? '3' : '1')),
    pytorch: { expression: (call) => call.torch('torch.cat', list(call.inputs('x')), literal(1)) },
    onnx: (call) => [call.add('Concat', call.inputs('x'), { axis: 1 })],
  },
  reference(call) {
    const tensors = call.tensors('x')
    const first = elementAt(tensors, 0)
    const batch = size(first, 0)
    const width = (x: Tensor) => elements(x.shape.slice(1))
    const total = tensors.reduce((sum, x) => sum + size(x, 1), 0)
    const out = zeros(first.shape.map((length, index) => (index === 1 ? total : length)))
    let index = 0
    for (let b = 0; b < batch; b++)
      for (const x of tensors) {
        out.data.set(x.data.subarray(b * width(x), (b + 1) * width(x)), index)
        index += width(x)
      }
    return [out]
  },
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
    { name: 'one tensor', inputs: { x: [{ shape: [1, 2, 2, 2], fill: 'random' }] } },
  ],
}
