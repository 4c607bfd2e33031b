import { shapeText } from '../../graph/graph.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { rowsOfImages } from '../support/pairs.js'
import { floats, rowsOf, sameShape } from '../support/shapes.js'
import { at, map, size, tensor } from '../support/tensor.js'

export const cascade: Operation = {
  name: 'cascade',
  documentation: {
    summary: 'Keeps the first prediction of an image if it is confident enough, and returns the second one otherwise.',
    formula: String.raw`y_i = \begin{cases} \text{first}_i & \max(\text{first}_i) \ge \text{sure} \\ \text{second}_i & \text{otherwise} \end{cases}`,
    details:
      'y[i] = first[i] if max(first[i]) >= sure, and second[i] otherwise; `early` is 1 for the images of the first case. On the engines and in ONNX files, what only `second` needs is not computed for these images: see [cascades](../cascade.md). Training, validation and PyTorch code compute both. The gradient goes to the prediction that was returned. A NaN in the first prediction is not confident.',
    example: 'predict answer = cascade(softmax(master.logits), softmax(part.logits), sure = 90%)',
    source: 'Viola and Jones 2001; confidence as the criterion: Wang et al., IDK Cascades, arXiv 1706.00885',
  },
  arguments: [
    tensorArgument('first', 'probabilities of the classes that are computed for every image'),
    tensorArgument('second', 'probabilities for the images of which the first are not confident'),
    {
      name: 'sure',
      kind: { is: 'number', from: 0, to: 1 },
      default: 0.9,
      meaning: 'the largest probability from which the first prediction is kept',
      advice: 'a probability, such as 90%',
      varies: true,
    },
  ],
  outputs: ['probabilities', 'early'],
  typing: {
    infer(call) {
      const batch = rowsOfImages(call, 'first')
      if (!batch || !rowsOf(call, 'second')) return undefined
      const types = [call.type('first'), call.type('second')] as const
      if (!sameShape(...types))
        return call.fail('shape-mismatch', { callee: 'cascade', shapes: types.map(shapeText) }, ['first', 'second'])
      return [types[0], floats([batch])]
    },
  },
  semantics: {
    preserves: ['probabilities'],
    selects: { first: 'first', second: 'second', threshold: 'sure', early: 1 },
  },
  lowering: {
    tfjs: (call) => call.runtime('cascade', call.input('first'), call.input('second'), call.code('sure')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.helper(python.cascade, call.input('first'), call.input('second'), call.code('sure')),
    },
    skipping: {
      tfjs: (call, inputs, second) =>
        call.runtime('cascadeSkipping', call.input('first'), call.code('sure'), inputs, second),
    },
    onnx(call) {
      const confidence = call.add('ReduceMax', [call.input('first'), call.int64([1])], { keepdims: 1 }, 'confidence')
      const sure = call.add('GreaterOrEqual', [confidence, call.setting('sure')], {}, 'is_sure')
      const selected = call.add('Where', [sure, call.input('first'), call.input('second')])
      const early = call.add('Squeeze', [call.cast(sure, 'float', 'is_early'), call.int64([1])], {}, 'early')
      return [selected, early]
    },
  },
  reference(call) {
    const [first, second, sure] = [call.tensor('first'), call.tensor('second'), call.number('sure')]
    const [images, classes] = [size(first, 0), size(first, 1)]
    const early = Array.from({ length: images }, (_, image) =>
      Number(Math.max(...first.data.subarray(image * classes, (image + 1) * classes)) >= sure),
    )
    const isEarly = tensor([images], early)
    const selected = map(first, (value, index) =>
      at(isEarly, Math.floor(index / classes)) === 1 ? value : at(second, index),
    )
    return [selected, isEarly]
  },
  cases: [
    {
      name: 'some are confident',
      inputs: {
        first: { shape: [3, 3], fill: { values: [0.2, 0.7, 0.1, 0.95, 0.03, 0.02, 0.4, 0.3, 0.3] } },
        second: { shape: [3, 3], fill: 'positive' },
      },
    },
    {
      name: 'all are',
      inputs: { first: { shape: [2, 2], fill: 'positive' }, second: { shape: [2, 2], fill: 'positive' } },
      arguments: { sure: 0 },
    },
    {
      name: 'none is',
      inputs: {
        first: { shape: [2, 2], fill: { values: [0.25, 0.75, 0.5, 0.5] } },
        second: { shape: [2, 2], fill: 'positive' },
      },
      arguments: { sure: 1 },
    },
    {
      name: 'exactly as confident as needed',
      inputs: {
        first: { shape: [2, 2], fill: { values: [0.25, 0.75, 0.5, 0.5] } },
        second: { shape: [2, 2], fill: 'positive' },
      },
      arguments: { sure: 0.75 },
      noGradient: true,
    },
  ],
}
