import { method } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { scalar, wrongRank } from '../support/shapes.js'
import { tensor } from '../support/tensor.js'

export const batchMean: Operation = {
  name: 'batch_mean',
  documentation: {
    summary: 'Computes the mean over the batch of one number for each image.',
    details: 'The compiler adds it to a line of the loss block that has one number for each image.',
    example: 'margin = batch_mean(relu(0.2 - sum(master.logits, over = last)))',
    source: 'torch.mean',
  },
  arguments: [tensorArgument('x', 'one number for each image')],
  typing: {
    infer(call) {
      const { element, shape } = call.type('x')
      return element === 'float' && shape.length === 1 ? [scalar] : wrongRank(call, 'x', 'one number for each image')
    },
  },
  lowering: {
    tfjs: (call) => call.tf('mean', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'mean') },
    onnx: 'training only',
  },
  reference(call) {
    const { data } = call.tensor('x')
    return [tensor([], [data.reduce((sum, value) => sum + value, 0) / data.length])]
  },
  cases: [
    { name: 'three images', inputs: { x: { shape: [3], fill: 'random' } } },
    { name: 'one image', inputs: { x: { shape: [1], fill: 'random' } } },
  ],
}
