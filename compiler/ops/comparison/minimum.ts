import { keyword, method } from '../../targets/pytorch/expression.js'
import { binaryCases, elementwise, isNumber, operand } from '../support/elementwise.js'

export const minimum = elementwise({
  name: 'minimum',
  callee: 'minimum',
  documentation: {
    summary: 'Returns the smaller of two operands, element by element.',
    details:
      'Shapes broadcast as for arithmetic. Where two tensors are equal, each gets half of the gradient; a tensor that equals a number gets all of it.',
    example: 'bounded = minimum(trunk.layer3, 1)',
    source: 'torch.minimum, torch.clamp',
  },
  operands: [operand('left', 'the left operand'), operand('right', 'the right operand')],
  semantics: { lowPrecision: true },
  tfjs: (call, operands) => call.runtime('minimum', ...operands),
  pytorch(call, [left, right]) {
    if (left && right && isNumber(call, 'right')) return method(left, 'clamp', keyword('max', right))
    if (left && right && isNumber(call, 'left')) return method(right, 'clamp', keyword('max', left))
    return call.torch('torch.minimum', left, right)
  },
  onnx: (call, operands) => call.add('Min', operands),
  compute: Math.min,
  cases: binaryCases('left', 'right'),
})
