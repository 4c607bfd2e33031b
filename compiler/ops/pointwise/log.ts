import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const log = pointwise({
  name: 'log',
  documentation: {
    summary: 'Computes the natural logarithm of each element.',
    details: 'y = ln(x). It is -infinity at 0 and NaN below.',
    example: 'bits = log(attention + 0.001)',
    source: 'torch.log',
  },
  lowering: {
    tfjs: (call) => call.tf('log', call.input('x')),
    pytorch: { expression: (call) => method(call.input('x'), 'log') },
    onnx: (call) => [call.add('Log', [call.input('x')])],
  },
  compute: Math.log,
  cases: [{ name: 'positive values', inputs: { x: { shape: [1, 5], fill: { values: [0.1, 0.5, 1, 2, 30] } } } }],
})
