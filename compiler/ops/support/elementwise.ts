import { shapeText } from '../../graph/graph.js'
import { arithmetic as arithmeticOf } from '../../targets/pytorch/expression.js'
import type { ArgumentSpec, Operation } from '../operation.js'
import type { Case } from './case.js'
import { sameShape } from './shapes.js'
import { combine, map } from './tensor.js'

interface Arithmetic {
  readonly name: string
  readonly summary: string
  /** Its operator in the language, and in Python. */
  readonly symbol: '+' | '-' | '*' | '/'
  readonly tfjs: string
  readonly onnx: string
  readonly compute: (a: number, b: number) => number
  readonly lowPrecision?: true
  /** The number on the right must not be 0. */
  readonly divides?: true
  readonly extraCases?: readonly Case[]
}

const operand = (name: string): ArgumentSpec => ({
  name,
  kind: { is: 'tensor or number' },
  meaning: `the ${name} side: a tensor or a number`,
})

/** `a + b` and its like: two tensors of one shape, or a tensor and a number. */
export function arithmetic({
  name,
  summary,
  symbol,
  tfjs,
  onnx,
  compute,
  lowPrecision,
  divides,
  extraCases = [],
}: Arithmetic): Operation {
  return {
    name,
    documentation: {
      summary,
      details: `Usually written \`left ${symbol} right\`. Two tensors must have the same shape; a number is combined with every element.`,
      example: `combined = trunk.layer3 ${symbol} features\nscaled   = trunk.layer3 ${symbol} 2`,
    },
    arguments: [operand('left'), operand('right')],
    typing: {
      infer(call) {
        if (divides && isNumber(call, 'right') && call.number('right') === 0) return call.fail('division-by-zero', {})
        const tensors = ['left', 'right'].filter((side) => !isNumber(call, side))
        const types = tensors.map((side) => call.type(side))
        const [first, second] = types
        if (first && second && !sameShape(first, second))
          return call.fail('shape-mismatch', { callee: `\`${symbol}\``, shapes: types.map(shapeText) }, tensors)
        return first && [first]
      },
    },
    ...(lowPrecision && { semantics: { lowPrecision } }),
    lowering: {
      tfjs(call) {
        const side = (argument: string) =>
          call.value(argument) === undefined ? call.input(argument) : call.code(argument)
        return call.tf(tfjs, side('left'), side('right'))
      },
      pytorch: {
        expression(call) {
          const side = (argument: string) => (isNumber(call, argument) ? call.code(argument) : call.input(argument))
          return arithmeticOf(symbol, side('left'), side('right'))
        },
      },
      onnx(call) {
        const side = (argument: string) =>
          isNumber(call, argument) ? call.float(call.number(argument)) : call.input(argument)
        return [call.add(onnx, [side('left'), side('right')])]
      },
    },
    reference(call) {
      if (isNumber(call, 'left')) return [map(call.tensor('right'), (value) => compute(call.number('left'), value))]
      if (isNumber(call, 'right')) return [map(call.tensor('left'), (value) => compute(value, call.number('right')))]
      return [combine(call.tensor('left'), call.tensor('right'), compute)]
    },
    cases: [
      {
        name: 'two tensors',
        inputs: {
          left: { shape: [2, 3, 4, 5], fill: 'random' },
          right: { shape: [2, 3, 4, 5], fill: { values: ramp(120) } },
        },
      },
      { name: 'a number on the right', inputs: { left: { shape: [3, 4], fill: 'random' } }, arguments: { right: 2.5 } },
      {
        name: 'a number on the left',
        inputs: { right: { shape: [3, 4], fill: { values: ramp(12) } } },
        arguments: { left: -1.5 },
      },
      ...extraCases,
    ],
  }
}

function isNumber(call: { types(argument: string): readonly unknown[] }, argument: string): boolean {
  return call.types(argument).length === 0
}

/** Values away from zero, so that they can be divided by. */
function ramp(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1) * (0.5 + i / count))
}

interface Pointwise extends Pick<Operation, 'name' | 'documentation' | 'semantics' | 'lowering' | 'cases'> {
  readonly compute: (value: number) => number
}

/** Returns an operation that computes each element by itself; the output has the input's shape. */
export function pointwise({ compute, ...rest }: Pointwise): Operation {
  return {
    ...rest,
    arguments: [{ name: 'x', kind: { is: 'tensor' }, meaning: 'any tensor' }],
    typing: { infer: (call) => [call.type('x')] },
    reference: (call) => [map(call.tensor('x'), compute)],
  }
}
