import * as python from '../python/index.js'
import { pointwise } from '../support/elementwise.js'

export const sign = pointwise({
  name: 'sign',
  documentation: {
    summary: 'Returns the sign of each element: -1, 0 or 1.',
    details: 'No gradient goes through it.',
    example: 'direction = sign(features)',
    source: 'torch.sign',
  },
  semantics: { stopsGradient: ['x'] },
  lowering: {
    tfjs: (call) => call.runtime('sign', call.input('x')),
    pytorch: { underAutocast: 'as it comes', expression: (call) => call.helper(python.sign, call.input('x')) },
    onnx: (call) => [call.add('Sign', [call.input('x')])],
  },
  compute: Math.sign,
  cases: [
    { name: 'both signs', inputs: { x: { shape: [1, 5], fill: { values: [0, -0, -2, 3, 1e-20] } } }, noGradient: true },
  ],
})
