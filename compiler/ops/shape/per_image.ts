import { attribute, literal, method, subscript } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { floats, wrongRank } from '../support/shapes.js'
import { elements, size, zeros } from '../support/tensor.js'

export const perImage: Operation = {
  name: 'per_image',
  documentation: {
    summary: 'Repeats a tensor that all images share for each image of another tensor.',
    details:
      'The compiler adds it where a `parameter` meets a tensor of the images in an operation that does not broadcast, such as `concat`.',
    example: 'gamma  = parameter([96, 1, 1])\nshared = per_image(gamma, like = trunk.layer3)',
    source: 'torch.Tensor.expand',
  },
  arguments: [
    tensorArgument('x', 'a tensor that all images share'),
    { ...tensorArgument('like', 'any tensor of the images, or their label'), label: true },
  ],
  typing: {
    infer(call) {
      const [batch] = call.type('like').shape
      const [, ...axes] = call.type('x').shape
      if (!batch || axes.length === 0 || call.type('x').element !== 'float')
        return wrongRank(call, axes.length === 0 ? 'x' : 'like', 'a tensor with a batch')
      return [floats([batch, ...axes])]
    },
  },
  semantics: { broadcasts: true, preserves: ['unit length'], lowPrecision: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.genericRuntime('perImage', call.input('x'), call.input('like')),
    pytorch: {
      expression: (call) =>
        method(
          call.input('x'),
          'expand',
          subscript(attribute(call.input('like'), 'shape'), literal(0)),
          ...call
            .type('x')
            .shape.slice(1)
            .map(() => literal(-1)),
        ),
    },
    onnx(call) {
      const batch = call.add('Shape', [call.input('like')], { start: 0, end: 1 }, 'batch')
      const ones = call.int64(
        call
          .type('x')
          .shape.slice(1)
          .map(() => 1),
      )
      return [call.add('Expand', [call.input('x'), call.add('Concat', [batch, ones], { axis: 0 }, 'shape')])]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const batch = size(call.tensor('like'), 0)
    const out = zeros([batch, ...x.shape.slice(1)])
    const values = elements(x.shape.slice(1))
    // A tensor that has a batch already keeps it.
    for (let image = 0; image < batch; image++)
      out.data.set(
        x.data.subarray(size(x, 0) === 1 ? 0 : image * values, (size(x, 0) === 1 ? 1 : image + 1) * values),
        image * values,
      )
    return [out]
  },
  cases: [
    {
      name: 'a class token',
      inputs: { x: { shape: [1, 1, 4], fill: 'random' }, like: { shape: [3, 5], fill: 'random' } },
    },
    {
      name: 'maps',
      inputs: { x: { shape: [1, 2, 3, 4], fill: 'random' }, like: { shape: [2, 3], fill: 'random' } },
    },
    {
      name: 'a tensor with a batch',
      inputs: { x: { shape: [2, 3], fill: 'random' }, like: { shape: [2, 2], fill: 'random' } },
    },
  ],
}
