import { elementAt } from '../../../grammar/present.js'
import { keyword, training } from '../../targets/pytorch/expression.js'
import type { Evaluation } from '../call.js'
import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, floats, sizeOf } from '../support/shapes.js'
import { at, sizes4, type Tensor, zeros } from '../support/tensor.js'

export const randomMap: Operation = {
  name: 'random_map',
  documentation: {
    summary: 'Selects one attention map per image: in training a randomly drawn one, in inference the strongest.',
    formula: String.raw`P(m) = \frac{\bar{A}_m^{\,p}}{\sum_k \bar{A}_k^{\,p}}`,
    details:
      'A map is drawn with a probability proportional to (its mean over space)^power. A power of 0.5 favours strong maps slightly, and 0 draws uniformly. If all maps are zero, the draw is uniform as well. Every call draws independently.',
    example: 'guide = training ? random_map(attention) : mean(attention)',
    source:
      'arXiv 1901.09891, section 3.3; power 0.5: the official WS-DAN code; power 0: TASN, detail-preserved sampling',
  },
  arguments: [
    tensorArgument('attention', 'attention maps without negative values'),
    {
      name: 'power',
      kind: { is: 'number', from: 0 },
      default: 0.5,
      meaning: "exponent of a map's mean in its probability",
      source: 'the official WS-DAN code',
      varies: true,
    },
  ],
  typing: {
    infer(call) {
      const maps = featureMap(call, 'attention')
      return maps && [floats(maps.shape.filter((_, index) => index !== 1))]
    },
  },
  semantics: { preserves: ['enlarged'], random: true },
  lowering: {
    tfjs: (call) => call.runtime('randomMap', call.input('attention'), call.at, call.options('power')),
    pytorch: {
      expression: (call) =>
        call.helper(python.random_map, call.input('attention'), call.keyword('power'), keyword('training', training)),
    },
    onnx(call) {
      const attention = call.input('attention')
      const maps = sizeOf(call.type('attention').shape, 1)
      const strength = call.add('ReduceMean', [attention, call.int64([2, 3])], { keepdims: 0 }, 'strength')
      const strongest = call.add('ArgMax', [strength], { axis: 1, keepdims: 1 }, 'strongest')
      const numbers = call.int64(
        Array.from({ length: maps }, (_, map) => map),
        [1, maps],
      )
      const chosen = call.cast(call.add('Equal', [numbers, strongest], {}, 'equal'), 'float', 'chosen')
      const mask = call.add('Reshape', [chosen, call.int64([-1, maps, 1, 1])], {}, 'mask')
      const only = call.add('Mul', [attention, mask], {}, 'only')
      return [call.add('ReduceSum', [only, call.int64([1])], { keepdims: 0 })]
    },
  },
  reference(call) {
    const attention = call.tensor('attention')
    const [batch, maps, height, width] = sizes4(attention)
    const area = height * width
    const out = zeros([batch, height, width])
    const random = call.random()
    for (let b = 0; b < batch; b++) {
      const chosen = chosenMap(call, strengths(attention, b), random)
      // The engines add up masked maps, so that NaN in any of the maps stays NaN.
      for (let m = 0; m < maps; m++)
        for (let cell = 0; cell < area; cell++)
          out.data[b * area + cell] =
            at(out, b * area + cell) + at(attention, (b * maps + m) * area + cell) * Number(m === chosen)
    }
    return [out]
  },
  cases: [
    { name: 'the strongest', inputs: { attention: { shape: [3, 4, 2, 3], fill: 'positive' } } },
    { name: 'maps of zeros', inputs: { attention: { shape: [2, 3, 2, 2], fill: 'zeros' } }, noGradient: true },
    { name: 'drawn', inputs: { attention: { shape: [5, 6, 3, 2], fill: 'positive' } }, phase: 'training' },
    {
      name: 'drawn, each alike',
      inputs: { attention: { shape: [4, 3, 2, 2], fill: 'positive' } },
      arguments: { power: 0 },
      phase: 'training',
    },
    {
      name: 'drawn from zeros',
      inputs: { attention: { shape: [3, 4, 2, 2], fill: 'zeros' } },
      phase: 'training',
      noGradient: true,
    },
  ],
}

/** Mean over space of each map of one image. */
function strengths(attention: Tensor, b: number): number[] {
  const [, maps, height, width] = sizes4(attention)
  const area = height * width
  return Array.from({ length: maps }, (_, m) => {
    const start = (b * maps + m) * area
    return attention.data.subarray(start, start + area).reduce((sum, value) => sum + value, 0) / area
  })
}

function chosenMap(call: Evaluation, strength: readonly number[], random: () => number): number {
  if (call.phase !== 'training')
    return strength.reduce((best, value, m) => (value > elementAt(strength, best) ? m : best), 0)
  const chances = strength.map((value) => Math.max(value, 0) ** call.number('power'))
  const total = chances.reduce((sum, chance) => sum + chance, 0)
  const place = random() * (total > 0 ? total : strength.length)
  let reached = 0
  const found = chances.findIndex((chance) => {
    reached += total > 0 ? chance : 1
    return place < reached
  })
  return found === -1 ? strength.length - 1 : found
}
