import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { map } from '../support/tensor.js'

export const scale: Operation = {
  name: 'scale',
  documentation: {
    summary: 'Multiplies by a constant.',
    details:
      'An embedding of length 1 gives a classifier logits too close together to learn from. Published code multiplies it by 100 first; ' +
      'the papers do not say so. With the factor, learning rates above 0.001 tend to diverge.',
    source: "WS-DAN's official code; in no paper",
  },
  arguments: [
    tensorArgument('x', 'any tensor'),
    { name: 'factor', kind: { is: 'number' }, meaning: 'what every element is multiplied by', varies: true },
  ],
  typing: { infer: (call) => [call.type('x')] },
  semantics: { preserves: ['enlarged'] },
  lowering: {
    tfjs: (call) => call.tf('mul', call.input('x'), call.code('factor')),
    pytorch: { expression: (call) => `${call.operand('x')} * ${call.code('factor')}` },
    onnx: (call) => [call.add('Mul', [call.input('x'), call.float(call.number('factor'))])],
  },
  reference: (call) => [map(call.tensor('x'), (value) => value * call.number('factor'))],
  cases: [{ name: 'by 100', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { factor: 100 } }],
}
