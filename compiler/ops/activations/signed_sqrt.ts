import type { Operation } from '../operation.js'
import * as python from '../python/index.js'
import { tensorArgument } from '../support/arguments.js'
import { map } from '../support/tensor.js'

export const signedSqrt: Operation = {
  name: 'signed_sqrt',
  documentation: {
    summary: 'Computes the square root of the absolute value, and keeps the sign.',
    formula: String.raw`y = \operatorname{sign}(x)\,\sqrt{|x| + \varepsilon}`,
    details:
      'y = sign(x) sqrt(|x| + eps). The eps keeps the gradient finite at zero. Bilinear features are commonly normalised this way, to reduce the dominance of large values.',
    example: 'embedding = parts -> signed_sqrt -> l2_normalize',
    source: "Lin et al. 2015 (bilinear CNN), section 3.1; eps: WS-DAN's official code",
  },
  arguments: [
    tensorArgument('x', 'any tensor'),
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-12,
      meaning: 'added under the square root',
      varies: true,
    },
  ],
  typing: { infer: (call) => [call.type('x')] },
  lowering: {
    tfjs: (call) => call.runtime('signedSqrt', call.input('x'), call.options('eps')),
    pytorch: {
      expression: (call) => call.helper(python.signed_sqrt, call.input('x'), call.keyword('eps')),
    },
    onnx(call) {
      const absolute = call.add('Abs', [call.input('x')], {}, 'abs')
      const raised = call.add('Add', [absolute, call.float(call.number('eps'))], {}, 'eps')
      const root = call.add('Sqrt', [raised], {}, 'sqrt')
      return [call.add('Mul', [call.add('Sign', [call.input('x')], {}, 'sign'), root])]
    },
  },
  reference: (call) => [
    map(call.tensor('x'), (value) => Math.sign(value) * Math.sqrt(Math.abs(value) + call.number('eps'))),
  ],
  cases: [
    { name: 'part features', inputs: { x: { shape: [2, 3, 4], fill: 'random' } } },
    { name: 'zeros', inputs: { x: { shape: [1, 4], fill: 'zeros' } }, noGradient: true },
  ],
}
