import { callText } from '../targets/tfjs/lowering.js'
import type { Operation } from './operation.js'
import { tensorArgument } from './support/arguments.js'
import { classesOf, labelOf, rowsOf, scalar } from './support/shapes.js'
import { logSoftmaxRows } from './support/softmax.js'
import { at, size, tensor } from './support/tensor.js'

export const crossEntropy: Operation = {
  name: 'cross_entropy',
  summary: 'How far the predicted probabilities are from the label: the mean of -log p(label).',
  details: 'loss = mean over the batch of -log softmax(logits)[label].',
  source: 'torch.nn.functional.cross_entropy',
  arguments: [
    tensorArgument('logits', "a classifier's logits"),
    { ...tensorArgument('label', 'the class label'), label: true },
  ],
  infer(call) {
    const logits = rowsOf(call, 'logits')
    if (!logits || !labelOf(call, 'label')) return undefined
    const columns = logits.columns.size ?? 0
    const classes = classesOf(call.type('label'))
    if (columns !== classes)
      return call.fail('classes-mismatch', { callee: 'cross_entropy', logits: columns, classes }, ['logits'])
    return [scalar]
  },
  tfjs: (call) => callText(call.runtime('crossEntropy'), call.input('logits'), call.input('label')),
  onnx: 'training only',
  reference(call) {
    const logits = call.tensor('logits')
    const logs = logSoftmaxRows(logits)
    const labels = call.tensor('label')
    const columns = size(logits, 1)
    const loss = Array.from(labels.data).reduce(
      (sum, label, row) => sum - at(logs, row * columns + label) / labels.data.length,
      0,
    )
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
      name: 'sure and wrong',
      inputs: {
        logits: { shape: [1, 3], fill: { values: [80, -80, 0] } },
        label: { shape: [1], fill: { labels: [1], classes: 3 } },
      },
    },
  ],
}
