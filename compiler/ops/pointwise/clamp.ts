import { keyword, literal, method } from '../../targets/pytorch/expression.js'
import type { Typed } from '../call.js'
import type { ArgumentSpec, Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { map } from '../support/tensor.js'

const bound = (name: string, meaning: string): ArgumentSpec => ({
  name,
  kind: { is: 'number' },
  default: null,
  meaning: `${meaning}; without it there is none`,
})

const boundsOf = (call: Typed) => ({
  min: call.has('min') ? call.number('min') : Number.NEGATIVE_INFINITY,
  max: call.has('max') ? call.number('max') : Number.POSITIVE_INFINITY,
})

export const clamp: Operation = {
  name: 'clamp',
  documentation: {
    summary: 'Limits each element to a range.',
    formula: String.raw`y = \min(\max(x, \mathrm{min}), \mathrm{max})`,
    details:
      'y = min(max(x, min), max). The gradient goes through where the element was in the range, bounds included.',
    example: 'bounded = clamp(features, min = 0, max = 1)',
    source: 'torch.clamp',
  },
  arguments: [tensorArgument('x', 'any tensor'), bound('min', 'the lowest value'), bound('max', 'the highest value')],
  typing: {
    infer(call) {
      const { min, max } = boundsOf(call)
      if (min > max)
        return call.fail('out-of-range', {
          name: 'max',
          value: `${max}`,
          range: `at least min, ${min}`,
          advice: undefined,
        })
      return [call.type('x')]
    },
  },
  semantics: { lowPrecision: true, takesPairs: true },
  lowering: {
    tfjs: (call) => call.runtime('clamp', call.input('x'), call.options('min', 'max')),
    pytorch: {
      expression(call) {
        const given = ['min', 'max'].map((name) =>
          call.has(name) ? keyword(name, literal(call.number(name))) : undefined,
        )
        return given.some((one) => one !== undefined) ? method(call.input('x'), 'clamp', ...given) : call.input('x')
      },
    },
    onnx(call) {
      // Clip without one of its bounds makes infinity the largest finite number.
      const [x, min, max] = [call.input('x'), call.has('min'), call.has('max')]
      if (!min && !max) return [call.add('Identity', [x])]
      if (min && max) return [call.add('Clip', [x, call.float(call.number('min')), call.float(call.number('max'))])]
      return [
        min
          ? call.add('Max', [x, call.float(call.number('min'))])
          : call.add('Min', [x, call.float(call.number('max'))]),
      ]
    },
  },
  reference(call) {
    const { min, max } = boundsOf(call)
    return [map(call.tensor('x'), (value) => Math.min(Math.max(value, min), max))]
  },
  cases: [
    {
      name: 'on both sides',
      inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } },
      arguments: { min: -0.5, max: 0.25 },
    },
    { name: 'no bounds', inputs: { x: { shape: [3, 4], fill: 'random' } } },
    { name: 'from below', inputs: { x: { shape: [3, 4], fill: 'random' } }, arguments: { min: 0.1 } },
    { name: 'from above', inputs: { x: { shape: [3, 4], fill: 'random' } }, arguments: { max: 0.1 } },
  ],
}
