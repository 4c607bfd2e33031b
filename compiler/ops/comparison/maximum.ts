import { keyword, method } from '../../targets/pytorch/expression.js'
import { binaryCases, elementwise, isNumber, operand } from '../support/elementwise.js'

export const maximum = elementwise({
  name: 'maximum',
  callee: 'maximum',
  documentation: {
    summary: 'Returns the larger of two operands, element by element.',
    details:
      'Shapes broadcast as for arithmetic. Where two tensors are equal, each gets half of the gradient; a tensor that equals a number gets all of it.',
    example: 'bounded = maximum(trunk.layer3, 1)',
    source: 'torch.maximum, torch.clamp',
  },
  operands: [operand('left', 'the left operand'), operand('right', 'the right operand')],
  semantics: { lowPrecision: true },
  tfjs: (call, operands) => call.runtime('maximum', ...operands),
  pytorch(call, [left, right]) {
    if (left && right && isNumber(call, 'right')) return method(left, 'clamp', keyword('min', right))
    if (left && right && isNumber(call, 'left')) return method(right, 'clamp', keyword('min', left))
    return call.torch('torch.maximum', left, right)
  },
  onnx: (call, operands) => call.add('Max', operands),
  compute: Math.max,
  cases: binaryCases('left', 'right'),
})
