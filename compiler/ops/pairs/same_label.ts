import { arithmetic, method, slice, source, subscript } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { batchOf, ofPairs } from '../support/pairs.js'
import { labelOf } from '../support/shapes.js'
import { at, zeros } from '../support/tensor.js'

export const sameLabel: Operation = {
  name: 'same_label',
  documentation: {
    summary: 'Returns 1 for each pair of images of one class, and 0 for every other pair.',
    formula: String.raw`y_{i,j} = [\,\mathrm{label}_i = \mathrm{label}_j\,]`,
    details:
      'y[i, j] = 1 where the labels of image i and image j are equal. An image is of one class with itself: subtract same_image to leave it out.',
    example:
      'positive = same_label(label) - same_image(embedding)\nnegative = 1 - same_label(label)\nfound    = sum(positive, over = last)',
    source: 'labels[:, None] == labels',
  },
  arguments: [{ ...tensorArgument('label', 'the class label'), label: true }],
  typing: {
    infer(call) {
      const batch = labelOf(call, 'label') && batchOf(call, 'label')
      return batch && [ofPairs(batch)]
    },
  },
  semantics: { mixesImages: true, stopsGradient: ['label'] },
  lowering: {
    tfjs: (call) => call.runtime('sameLabel', call.input('label')),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) =>
        method(arithmetic('==', subscript(call.input('label'), slice(), source('None')), call.input('label')), 'float'),
    },
    onnx: 'training only',
  },
  reference(call) {
    const label = call.tensor('label')
    const count = label.data.length
    const out = zeros([count, count])
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) out.data[i * count + j] = Number(at(label, i) === at(label, j))
    return [out]
  },
  cases: [
    {
      name: 'two classes',
      inputs: { label: { shape: [4], fill: { labels: [2, 0, 2, 0], classes: 3 } } },
      noGradient: true,
    },
    { name: 'one image', inputs: { label: { shape: [1], fill: { labels: [1], classes: 2 } } }, noGradient: true },
  ],
}
