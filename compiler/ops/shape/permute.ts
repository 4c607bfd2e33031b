import { elementAt } from '../../../grammar/present.js'
import { literal, method } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import { isIdentity } from '../../targets/tfjs/storage.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { floats } from '../support/shapes.js'
import { permute as permuteTensor } from '../support/tensor.js'

export const permute: Operation = {
  name: 'permute',
  documentation: {
    summary: 'Reorders the axes of a tensor, such as from channels x tokens to tokens x channels.',
    details:
      'Axis i of the result is axis order[i] of x. The batch stays first and is not counted. Generated TensorFlow.js code transposes nothing where the tensor is stored in that order already.',
    example: 'rows = permute(trunk.layer3, [1, 2, 0])',
    source: 'torch.permute',
  },
  arguments: [
    tensorArgument('x', 'any tensor with a batch'),
    {
      name: 'order',
      kind: { is: 'integers' },
      meaning: 'the numbers of the axes in their new order; 0 is the first after the batch',
    },
  ],
  typing: {
    infer(call) {
      const { shape } = call.type('x')
      const order = call.integers('order')
      const sorted = order.toSorted((a, b) => a - b)
      if (order.length !== shape.length - 1 || sorted.some((axis, index) => axis !== index)) {
        const range = `each number from 0 to ${shape.length - 2} once`
        const value = `[${order.join(', ')}]`
        return call.fail('out-of-range', { name: 'order', value, range, advice: undefined }, ['x'])
      }
      return [floats(axesInOrder(call).map((axis) => elementAt(shape, axis)))]
    },
  },
  semantics: { preserves: ['unit length', 'enlarged'] },
  lowering: {
    layout: (call) => ({ permutation: axesInOrder(call) }),
    tfjs(call) {
      const permutation = call.permutation('x', axesInOrder(call))
      return isIdentity(permutation)
        ? call.input('x')
        : call.tf('transpose', call.input('x'), source(`[${permutation.join(', ')}]`))
    },
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => method(call.input('x'), 'permute', ...axesInOrder(call).map((axis) => literal(axis))),
    },
    onnx: (call) => [call.add('Transpose', [call.input('x')], { perm: axesInOrder(call) })],
  },
  reference: (call) => [permuteTensor(call.tensor('x'), axesInOrder(call))],
  cases: [
    {
      name: 'to channels last',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { order: [1, 2, 0] },
    },
    {
      name: 'to channels first',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { order: [2, 0, 1] },
    },
    {
      name: 'height and width',
      inputs: { x: { shape: [1, 3, 4, 5], fill: 'random' } },
      arguments: { order: [0, 2, 1] },
    },
    { name: 'tokens', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { order: [1, 0] } },
    {
      name: 'windows',
      inputs: { x: { shape: [1, 2, 3, 2, 3, 2], fill: 'random' } },
      arguments: { order: [0, 2, 1, 3, 4] },
    },
  ],
}

/** The new order of the axes, batch included. */
function axesInOrder(call: Typed): readonly number[] {
  return [0, ...call.integers('order').map((axis) => axis + 1)]
}
