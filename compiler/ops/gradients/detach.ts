import { pointwise } from '../support/elementwise.js'

export const detach = pointwise({
  name: 'detach',
  documentation: {
    summary: 'The value as it is, with no gradient going back through it.',
    details: 'Put it around a teacher that must not learn from its student.',
    source: 'torch.Tensor.detach',
  },
  semantics: {
    preserves: ['probabilities', 'unit length', 'enlarged'],
    identityInInference: 'x',
    stopsGradient: ['x'],
  },
  lowering: {
    tfjs: (call) => call.runtime('detach', call.input('x')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => `${call.operand('x')}.detach()`,
    },
    onnx: (call) => [call.add('Identity', [call.input('x')])],
  },
  compute: (value) => value,
  // Its gradient is zero by decree, which no difference quotient shows.
  cases: [{ name: 'a row', inputs: { x: { shape: [2, 3], fill: 'random' } }, noGradient: true }],
})
