import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { mostAxes, sharedType } from '../support/shapes.js'
import { elements, tensor } from '../support/tensor.js'

export const constant: Operation = {
  name: 'constant',
  documentation: {
    summary: 'Makes a tensor of given numbers that all images share, such as a filter or weights of classes.',
    details:
      'The numbers are in row-major order. Beside a tensor of the images it broadcasts, or is repeated for each of them. It is not learned and no part of a checkpoint.',
    example: 'weights = constant([0.299, 0.587, 0.114], [3, 1, 1], like = image)\ngrey    = sum(image * weights)',
    source: 'torch.tensor',
  },
  arguments: [
    { name: 'values', kind: { is: 'numbers' }, meaning: 'the numbers' },
    {
      name: 'shape',
      kind: { is: 'integers' },
      default: null,
      meaning: 'the sizes without the batch; by default those of a row',
    },
    tensorArgument('like', 'any tensor beside which it is used, whose device and precision it has'),
  ],
  typing: {
    infer(call) {
      const [sizes, count] = [sizesOf(call), call.integers('values').length]
      const fits = sizes.length <= mostAxes && sizes.every((size) => size > 0) && elements(sizes) === count
      if (fits) return [sharedType(sizes)]
      const range = `at most ${mostAxes} sizes whose product is ${count}, as there are numbers`
      return call.fail('out-of-range', { name: 'shape', value: `[${sizes.join(', ')}]`, range, advice: undefined })
    },
  },
  semantics: { broadcasts: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) =>
      call.genericRuntime(
        'constant',
        source(`[${call.integers('values').join(', ')}]`),
        source(`[${[1, ...sizesOf(call)].join(', ')}]`),
      ),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) =>
        call.helper(python.constant, call.input('like'), literal(call.integers('values')), literal(sizesOf(call))),
    },
    onnx: (call) => [call.add('Identity', [call.float(call.integers('values'), [1, ...sizesOf(call)])])],
  },
  reference: (call) => [tensor([1, ...sizesOf(call)], call.integers('values'))],
  cases: [
    {
      name: 'a row',
      inputs: { like: { shape: [2, 3], fill: 'random' } },
      arguments: { values: [0.5, -1, 2.25] },
      noGradient: true,
    },
    {
      name: 'maps',
      inputs: { like: { shape: [2, 3, 2, 2], fill: 'random' } },
      arguments: { values: [1, 2, 3, 4, 5, 6], shape: [1, 2, 3] },
      noGradient: true,
    },
    {
      name: 'one number',
      inputs: { like: { shape: [1, 2], fill: 'random' } },
      arguments: { values: [0.1] },
      noGradient: true,
    },
  ],
}

function sizesOf(call: Typed): readonly number[] {
  return call.has('shape') ? call.integers('shape') : [call.integers('values').length]
}
