import { fillNormal, fillUniform, keyOf } from '../../random.js'
import { literal } from '../../targets/pytorch/expression.js'
import { source } from '../../targets/tfjs/expression.js'
import type { Typed } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { mostAxes, sharedType } from '../support/shapes.js'
import { elements, type Tensor, tensor } from '../support/tensor.js'

/** 16 MB in an exported file. */
const mostNumbers = 2 ** 22

export const fixedRandom: Operation = {
  name: 'fixed_random',
  documentation: {
    summary: 'Makes a tensor of random numbers that never change and that all images share: a random projection.',
    details:
      'The numbers depend on the shape, the distribution and `seed` alone, and are the same in training, in inference and in every target. They are not learned and no part of a checkpoint. Two calls with one seed draw the same numbers. `noise` such as random_normal is drawn anew in each step instead.',
    example:
      'signs     = fixed_random([96, 64], like = trunk.layer3, distribution = signs)\nprojected = matmul(reshape(global_avg_pool(trunk.layer3), [1, -1]), signs)',
    source: 'the generator of the initial weights',
  },
  arguments: [
    { name: 'shape', kind: { is: 'integers' }, meaning: 'the sizes without the batch' },
    tensorArgument('like', 'any tensor beside which it is used, whose device and precision it has'),
    {
      name: 'distribution',
      kind: { is: 'word', words: ['uniform', 'signs', 'normal'] },
      default: 'uniform',
      meaning: 'from 0 on and below 1; -1 or 1; or normal with mean 0 and deviation 1',
    },
    { name: 'seed', kind: { is: 'integer', from: 0 }, default: 1, meaning: 'seed of the numbers' },
  ],
  typing: {
    infer(call) {
      const sizes = call.integers('shape')
      if (sizes.length <= mostAxes && sizes.every((size) => size > 0) && elements(sizes) <= mostNumbers)
        return [sharedType(sizes)]
      const range = `at most ${mostAxes} positive sizes, and ${mostNumbers} numbers in all`
      return call.fail('out-of-range', { name: 'shape', value: `[${sizes.join(', ')}]`, range, advice: undefined })
    },
  },
  semantics: { broadcasts: true, stopsGradient: ['like'] },
  lowering: {
    layout: 'channels first',
    tfjs: (call) =>
      call.genericRuntime(
        'fixedRandom',
        source(`[${shapeOf(call).join(', ')}]`),
        source(`'${call.word('distribution')}'`),
        source(`${keyOfCall(call)}`),
      ),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) =>
        call.helper(
          python.fixed_random,
          call.input('like'),
          literal(shapeOf(call)),
          literal(call.word('distribution')),
          literal(keyOfCall(call)),
        ),
    },
    onnx: (call) => [call.add('Identity', [call.float([...numbers(call).data], shapeOf(call))])],
  },
  reference: (call) => [numbers(call)],
  cases: (['uniform', 'signs', 'normal'] as const).map((distribution) => ({
    name: distribution,
    inputs: { like: { shape: [2, 3], fill: 'random' } },
    arguments: { shape: [4, 5], distribution, seed: 3 },
    noGradient: true,
  })),
}

function shapeOf(call: Typed): readonly number[] {
  return [1, ...call.integers('shape')]
}

function keyOfCall(call: Typed): number {
  return keyOf(call.number('seed'), 'fixed random')
}

function numbers(call: Typed): Tensor {
  const values = new Float32Array(elements(shapeOf(call)))
  const distribution = call.word('distribution')
  if (distribution === 'normal') fillNormal(values, keyOfCall(call), 0, 1)
  else fillUniform(values, keyOfCall(call), 0, 1)
  return tensor(
    shapeOf(call),
    distribution === 'signs' ? Array.from(values, (value) => (value < 0.5 ? -1 : 1)) : [...values],
  )
}
