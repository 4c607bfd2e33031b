import { arithmetic as pythonArithmetic } from '../../targets/pytorch/expression.js'
import type { Operation, Semantics } from '../operation.js'
import { binaryCases, elementwise, isNumber, operand } from '../support/elementwise.js'

interface Arithmetic {
  readonly name: string
  readonly summary: string
  /** Its operator in the language, and in Python. */
  readonly symbol: '+' | '-' | '*' | '/'
  readonly tfjs: string
  readonly onnx: string
  readonly compute: (a: number, b: number) => number
  readonly semantics?: Semantics
  /** The number on the right must not be 0. */
  readonly divides?: true
}

/** `a + b` and its like. */
export function arithmetic({ name, summary, symbol, tfjs, onnx, compute, semantics, divides }: Arithmetic): Operation {
  return elementwise({
    name,
    callee: `\`${symbol}\``,
    documentation: {
      summary,
      details: `Usually written \`left ${symbol} right\`. Shapes broadcast as in NumPy: axes are aligned from the last one, and an axis of size 1 is repeated. A number is combined with every element.`,
      example: `combined = trunk.layer3 ${symbol} features\nscaled   = trunk.layer3 ${symbol} 2`,
    },
    operands: [operand('left', 'the left operand'), operand('right', 'the right operand')],
    ...(semantics && { semantics }),
    accepts(call) {
      const byZero = divides && isNumber(call, 'right') && call.number('right') === 0
      if (byZero) call.fail('division-by-zero', {})
      return !byZero
    },
    tfjs: (call, operands) => call.tf(tfjs, ...operands),
    pytorch: (_, operands) => pythonArithmetic(symbol, ...operands),
    onnx: (call, operands) => call.add(onnx, operands),
    compute: (a = Number.NaN, b = Number.NaN) => compute(a, b),
    cases: binaryCases('left', 'right'),
  })
}
