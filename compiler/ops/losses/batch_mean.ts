import type { TensorType } from '../../graph/graph.js'
import { keyword, method, source as pythonSource } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, scalar, wrongRank } from '../support/shapes.js'
import { tensor } from '../support/tensor.js'

export const batchMean: Operation = {
  name: 'batch_mean',
  documentation: {
    summary: 'Computes the mean over the images of a batch.',
    details:
      'One number for each image gives one number; the compiler adds the operation to a line of the loss block that has one number for each image. A larger tensor gives one that all images share, such as the centre of their embeddings. The mean is that of the images that are computed together: of one batch where several are accumulated, and of the share of one process.',
    example: 'centred = trunk.layer3 - batch_mean(trunk.layer3)',
    source: 'torch.mean',
  },
  arguments: [tensorArgument('x', 'numbers for each image')],
  typing: {
    infer(call) {
      const type = call.type('x')
      if (type.element !== 'float' || type.shape.length === 0) return wrongRank(call, 'x', 'numbers for each image')
      return [isNumber(type) ? scalar : { ...type, shape: [dimension('batch', 1), ...type.shape.slice(1)] }]
    },
  },
  semantics: { mixesImages: true },
  lowering: {
    layout: 'preserved',
    tfjs: (call) =>
      isNumber(call.type('x'))
        ? call.tf('mean', call.input('x'))
        : call.tf('mean', call.input('x'), source('0'), source('true')),
    pytorch: {
      expression: (call) =>
        isNumber(call.type('x'))
          ? method(call.input('x'), 'mean')
          : method(call.input('x'), 'mean', pythonSource('0'), keyword('keepdim', pythonSource('True'))),
    },
    onnx: 'training only',
  },
  reference(call) {
    const { shape, data } = call.tensor('x')
    const [images = 1, ...rest] = shape
    const size = data.length / images
    const means = Array.from({ length: size }, (_, index) => {
      const column = data.filter((_, place) => place % size === index)
      return column.reduce((sum, value) => sum + value, 0) / images
    })
    return [tensor(rest.length === 0 ? [] : [1, ...rest], means)]
  },
  cases: [
    { name: 'three images', inputs: { x: { shape: [3], fill: 'random' } } },
    { name: 'one image', inputs: { x: { shape: [1], fill: 'random' } } },
    { name: 'rows', inputs: { x: { shape: [3, 4], fill: 'random' } } },
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } } },
  ],
}

/** Whether there is one number for each image. */
function isNumber({ shape }: TensorType): boolean {
  return shape.length === 1
}
