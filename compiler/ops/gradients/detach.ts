import { method } from '../../targets/pytorch/expression.js'
import { pointwise } from '../support/elementwise.js'

export const detach = pointwise({
  name: 'detach',
  documentation: {
    summary: 'Returns its argument unchanged, and stops the gradient.',
    details: 'Use it around the teacher of a distillation, which should not be trained by its student.',
    example: 'loss { distillation = distill(student = master.logits, teacher = detach(part.logits)) }',
    source: 'torch.Tensor.detach',
  },
  semantics: {
    preserves: ['probabilities', 'unit length', 'enlarged'],
    identityInInference: 'x',
    stopsGradient: ['x'],
  },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => call.runtime('detach', call.input('x')),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => method(call.input('x'), 'detach'),
    },
    onnx: (call) => [call.add('Identity', [call.input('x')])],
  },
  compute: (value) => value,
  // Its gradient is defined as zero, which finite differences cannot show.
  cases: [{ name: 'a row', inputs: { x: { shape: [2, 3], fill: 'random' } }, noGradient: true }],
})
