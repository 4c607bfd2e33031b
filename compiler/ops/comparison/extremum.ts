import { keyword, method } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { binaryCases, elementwise, isNumber, operand } from '../support/elementwise.js'

interface Extremum {
  readonly name: 'minimum' | 'maximum'
  readonly summary: string
  /** The keyword of torch.clamp for a number as the bound. */
  readonly limit: 'min' | 'max'
  readonly onnx: string
  readonly compute: (...values: readonly number[]) => number
}

/** `minimum` and `maximum`. */
export function extremum({ name, summary, limit, onnx, compute }: Extremum): Operation {
  return elementwise({
    name,
    callee: name,
    documentation: {
      summary,
      details:
        'Shapes broadcast as for arithmetic. Where two tensors are equal, each gets half of the gradient; a tensor that equals a number gets all of it.',
      example: `bounded = ${name}(trunk.layer3, 1)`,
      source: `torch.${name}, torch.clamp`,
    },
    operands: [operand('left', 'the left operand'), operand('right', 'the right operand')],
    semantics: { lowPrecision: true },
    tfjs: (call, operands) => call.genericRuntime(name, ...operands),
    pytorch(call, [left, right]) {
      if (left && right && isNumber(call, 'right')) return method(left, 'clamp', keyword(limit, right))
      if (left && right && isNumber(call, 'left')) return method(right, 'clamp', keyword(limit, left))
      return call.torch(`torch.${name}`, left, right)
    },
    onnx: (call, operands) => call.add(onnx, operands),
    compute,
    cases: binaryCases('left', 'right'),
  })
}
