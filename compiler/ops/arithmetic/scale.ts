import { arithmetic } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { map } from '../support/tensor.js'

export const scale: Operation = {
  name: 'scale',
  documentation: {
    summary: 'Multiplies a tensor by a constant.',
    details:
      'y = factor x. The logits of an embedding of length 1 are too close together to train a classifier on. Published code multiplies such an embedding by 100 first, although no paper mentions it. With that factor, learning rates above 0.001 tend to diverge.',
    example: 'logits = embedding -> scale(100) -> linear(classes)',
    source: "WS-DAN's official code; in no paper",
  },
  arguments: [
    tensorArgument('x', 'any tensor'),
    { name: 'factor', kind: { is: 'number' }, meaning: 'factor of every element', varies: true },
  ],
  typing: { infer: (call) => [call.type('x')] },
  semantics: { preserves: ['enlarged'], takesPairs: true },
  lowering: {
    tfjs: (call) => call.tf('mul', call.input('x'), call.code('factor')),
    pytorch: { expression: (call) => arithmetic('*', call.input('x'), call.code('factor')) },
    onnx: (call) => [call.add('Mul', [call.input('x'), call.float(call.number('factor'))])],
  },
  reference: (call) => [map(call.tensor('x'), (value) => value * call.number('factor'))],
  cases: [{ name: 'by 100', inputs: { x: { shape: [2, 3, 4], fill: 'random' } }, arguments: { factor: 100 } }],
}
