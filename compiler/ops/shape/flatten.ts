import { type Expression, literal, method, slice, source, subscript } from '../../targets/pytorch/expression.js'
import { source as tfjsSource } from '../../targets/tfjs/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, elementsPerImage, floats, wrongRank } from '../support/shapes.js'
import { rows } from '../support/tensor.js'

export const flatten: Operation = {
  name: 'flatten',
  documentation: {
    summary: 'Flattens the values of each image to one row.',
    details: 'Values are read in channels-first, row-major order on every target.',
    example: 'row = flatten(trunk.layer3)',
    source: 'torch.flatten(x, 1)',
  },
  arguments: [tensorArgument('x', 'any tensor with a batch')],
  typing: {
    infer(call) {
      const type = call.type('x')
      const batch = type.shape[0]
      if (!batch || type.element !== 'float') return wrongRank(call, 'x', 'numbers for each image')
      return [floats([batch, dimension('features', elementsPerImage(type))])]
    },
  },
  semantics: { preserves: ['unit length'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) => call.tf('reshape', call.input('x'), tfjsSource(`[${call.outputSizes().join(', ')}]`)),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => flattened(call.input('x'), call.type('x').shape.length),
    },
    onnx: (call) => [call.add('Flatten', [call.input('x')], { axis: 1 })],
  },
  reference(call) {
    const x = call.tensor('x')
    return [{ shape: rows(x), data: x.data }]
  },
  cases: [
    { name: 'feature maps', inputs: { x: { shape: [2, 3, 2, 4], fill: 'random' } } },
    { name: 'part features', inputs: { x: { shape: [2, 3, 4], fill: 'random' } } },
    { name: 'one number', inputs: { x: { shape: [3], fill: 'random' } } },
    { name: 'a row stays', inputs: { x: { shape: [2, 5], fill: 'random' } } },
  ],
}

/** Returns the values of each image as one row, in PyTorch. */
function flattened(x: Expression, rank: number): Expression {
  if (rank === 2) return x
  // One number for each image has no axis to flatten.
  return rank === 1 ? subscript(x, slice(), source('None')) : method(x, 'flatten', literal(1))
}
