import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, floats, numbered } from '../support/shapes.js'
import { tensor } from '../support/tensor.js'

export const eye: Operation = {
  name: 'eye',
  documentation: {
    summary: 'Makes an identity matrix that all images share: ones on the diagonal, zeros elsewhere.',
    details: 'The trace of a square matrix is the sum of its elements times this one.',
    example:
      'rows    = reshape(trunk.layer3, [96, -1])\nregular = matmul(rows, rows, transpose_b = true) + 0.001 * eye(96, trunk.layer3)',
    source: 'torch.eye',
  },
  arguments: [
    { name: 'size', kind: { is: 'integer', from: 1, to: 4096 }, meaning: 'number of rows and columns' },
    tensorArgument('like', 'any tensor beside which it is used, whose device and precision it has'),
  ],
  typing: {
    infer: (call) => [
      floats([dimension('batch', 1), ...[0, 1].map((axis) => dimension(numbered(axis), call.number('size')))]),
    ],
  },
  semantics: { broadcasts: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.tf('expandDims', call.tf('eye', source(`${call.number('size')}`)), source('0')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => call.helper(python.eye, call.input('like'), literal(call.number('size'))),
    },
    onnx(call) {
      const size = call.number('size')
      const square = call.add('ConstantOfShape', [call.int64([size, size])], {}, 'square')
      return [call.add('Unsqueeze', [call.add('EyeLike', [square], {}, 'eye'), call.int64([0])])]
    },
  },
  reference(call) {
    const size = call.number('size')
    const values = Array.from({ length: size ** 2 }, (_, index) => (index % (size + 1) === 0 ? 1 : 0))
    return [tensor([1, size, size], values)]
  },
  cases: [
    {
      name: 'three rows',
      inputs: { like: { shape: [2, 3], fill: 'random' } },
      arguments: { size: 3 },
      noGradient: true,
    },
    { name: 'one', inputs: { like: { shape: [1, 2], fill: 'random' } }, arguments: { size: 1 }, noGradient: true },
  ],
}
