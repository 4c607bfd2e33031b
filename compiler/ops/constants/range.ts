import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { dimension, floats } from '../support/shapes.js'
import { tensor } from '../support/tensor.js'

export const range: Operation = {
  name: 'range',
  documentation: {
    summary: 'Makes a row of evenly spaced numbers that all images share: 0, 1, 2, ...',
    details: 'y_i = start + i * step. `coordinates` numbers the cells of a tensor along an axis.',
    example: 'frequency = exp(range(16, like = trunk.layer3, step = -0.5))\nangle     = 3 * frequency',
    source: 'torch.arange',
  },
  arguments: [
    { name: 'count', kind: { is: 'integer', from: 1, to: 65536 }, meaning: 'how many numbers' },
    tensorArgument('like', 'any tensor beside which it is used, whose device it has'),
    { name: 'start', kind: { is: 'number' }, default: 0, meaning: 'the first number' },
    { name: 'step', kind: { is: 'number' }, default: 1, meaning: 'the distance from one number to the next' },
  ],
  typing: { infer: (call) => [floats([dimension('batch', 1), dimension('features', call.number('count'))])] },
  semantics: { broadcasts: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) =>
      call.runtime(
        'range',
        source(`${call.number('count')}`),
        source(`${call.number('start')}`),
        source(`${call.number('step')}`),
      ),
    pytorch: {
      underAutocast: 'float32',
      expression: (call) =>
        call.helper(
          python.evenly_spaced,
          call.input('like'),
          literal(call.number('count')),
          literal(call.number('start')),
          literal(call.number('step')),
        ),
    },
    onnx: (call) => [call.add('Identity', [call.float(numbers(call), [1, call.number('count')])])],
  },
  reference: (call) => [tensor([1, call.number('count')], numbers(call))],
  cases: [
    {
      name: 'whole numbers',
      inputs: { like: { shape: [2, 3], fill: 'random' } },
      arguments: { count: 5 },
      noGradient: true,
    },
    {
      name: 'down from a number',
      inputs: { like: { shape: [2, 3, 2, 2], fill: 'random' } },
      arguments: { count: 300, start: 1.5, step: -0.1 },
      noGradient: true,
    },
    {
      name: 'one number',
      inputs: { like: { shape: [1, 2], fill: 'random' } },
      arguments: { count: 1, start: -2 },
      noGradient: true,
    },
  ],
}

function numbers(call: Typed): number[] {
  return Array.from({ length: call.number('count') }, (_, i) => call.number('start') + i * call.number('step'))
}
