import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { classesOf, labelOf, rowsOf, scalar, sizeOf } from '../support/shapes.js'
import { logSoftmax } from '../support/softmax.js'
import { at, size, tensor } from '../support/tensor.js'

export const crossEntropy: Operation = {
  name: 'cross_entropy',
  documentation: {
    summary: 'Computes the cross-entropy of logits and the class label, averaged over the batch.',
    formula: String.raw`L = -\frac{1}{B} \sum_b \sum_c t_{b,c}\, \log \operatorname{softmax}(z_b)_c`,
    details:
      "loss = mean over the batch of - sum over classes of t log softmax(logits), where t is 1 - smoothing + smoothing / classes for the label and smoothing / classes for every other class. With class_weights in the train block, each term is multiplied by the weight of its class, and the sum is divided by the sum of the labels' weights.",
    example: 'loss { master = cross_entropy(master.logits, label, smoothing = 10%) }',
    source: 'torch.nn.functional.cross_entropy; smoothing: Szegedy et al. 2016, section 7',
  },
  arguments: [
    { ...tensorArgument('logits', "a classifier's logits"), unlikely: 'probabilities' },
    { ...tensorArgument('label', 'the class label'), label: true },
    {
      name: 'smoothing',
      kind: { is: 'number', from: 0, below: 1 },
      default: 0,
      meaning: 'fraction of the target that is distributed evenly over all classes',
      source: 'torch: label_smoothing',
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      if (!rowsOf(call, 'logits') || !labelOf(call, 'label')) return undefined
      const columns = sizeOf(call.type('logits').shape, 1)
      const classes = classesOf(call.type('label'))
      if (columns !== classes)
        return call.fail('classes-mismatch', { callee: 'cross_entropy', logits: columns, classes }, ['logits'])
      return [scalar]
    },
  },
  semantics: { supportsMixup: true },
  lowering: {
    tfjs: (call) =>
      call.runtime('crossEntropy', call.input('logits'), call.input('label'), call.scope(), call.options('smoothing')),
    pytorch: {
      underAutocast: 'float32',
      expression(call) {
        const weights = call.classWeights()
        const given = [call.input('logits'), call.input('label'), weights, call.keyword('smoothing', 'label_smoothing')]
        return weights ? call.helper(python.weighted_cross_entropy, ...given) : call.torch('F.cross_entropy', ...given)
      },
    },
    onnx: 'training only',
  },
  reference(call) {
    const logits = call.tensor('logits')
    const logs = logSoftmax(logits)
    const labels = call.tensor('label')
    const columns = size(logits, 1)
    const smoothing = call.number('smoothing')
    let loss = 0
    for (const [row, label] of Array.from(labels.data).entries())
      for (let column = 0; column < columns; column++) {
        const target = (column === label ? 1 - smoothing : 0) + smoothing / columns
        loss -= (target * at(logs, row * columns + column)) / labels.data.length
      }
    return [tensor([], [loss])]
  },
  cases: [
    {
      name: 'three images',
      inputs: {
        logits: { shape: [3, 4], fill: 'random' },
        label: { shape: [3], fill: { labels: [0, 3, 2], classes: 4 } },
      },
    },
    {
      name: 'smoothed labels',
      inputs: {
        logits: { shape: [3, 4], fill: 'random' },
        label: { shape: [3], fill: { labels: [1, 1, 3], classes: 4 } },
      },
      arguments: { smoothing: 0.1 },
    },
    {
      name: 'sure and wrong',
      inputs: {
        logits: { shape: [1, 3], fill: { values: [80, -80, 0] } },
        label: { shape: [1], fill: { labels: [1], classes: 3 } },
      },
    },
  ],
}
