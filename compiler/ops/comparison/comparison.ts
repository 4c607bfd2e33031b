import { arithmetic, method, type Operator } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { binaryCases, elementwise, isNumber, operand } from '../support/elementwise.js'

interface Comparison {
  readonly name: string
  /** Its operator in the language and in Python. */
  readonly symbol: Extract<Operator, '<' | '<=' | '>' | '>=' | '==' | '!='>
  /** Describes when the result is 1: "is less than the right one". */
  readonly holds: string
  readonly tfjs: string
  readonly onnx: string
  /** The ONNX operator gives the opposite. */
  readonly negated?: true
  readonly compute: (a: number, b: number) => boolean
}

/** Returns a comparison such as `a < b`: 1 where it holds, and 0 elsewhere. */
export function comparison({ name, symbol, holds, tfjs, onnx, negated, compute }: Comparison): Operation {
  return elementwise({
    name,
    callee: `\`${symbol}\``,
    documentation: {
      summary: `Returns 1 where the left operand ${holds}, and 0 elsewhere.`,
      details: `Usually written \`left ${symbol} right\`. Shapes broadcast as for arithmetic. No gradient goes through a comparison. A comparison with NaN is ${symbol === '!=' ? '1' : '0'}.`,
      example: `mask = attention ${symbol} 0.5`,
      source: `torch.${{ '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge', '==': 'eq', '!=': 'ne' }[symbol]}`,
    },
    operands: [operand('left', 'the left operand'), operand('right', 'the right operand')],
    semantics: { stopsGradient: ['left', 'right'] },
    tfjs: (call, operands) => call.genericRuntime('compare', { kind: 'source', text: `'${tfjs}'` }, ...operands),
    pytorch: (call, operands) =>
      method(arithmetic(symbol, ...operands), 'to', call.input(isNumber(call, 'left') ? 'right' : 'left')),
    onnx(call, operands) {
      const compared = call.add(onnx, operands, {}, 'compared')
      return call.cast(negated ? call.add('Not', [compared], {}, 'not') : compared, 'float')
    },
    compute: (a = Number.NaN, b = Number.NaN) => (compute(a, b) ? 1 : 0),
    cases: [
      ...binaryCases('left', 'right').map((one) => ({ ...one, noGradient: true })),
      {
        name: 'equal and different values',
        inputs: {
          left: { shape: [1, 4], fill: { values: [0, 1, -2, 3] } },
          right: { shape: [1, 4], fill: { values: [0, 2, -3, 3] } },
        },
        noGradient: true,
      },
    ],
  })
}
