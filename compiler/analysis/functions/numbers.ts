import type { Value } from '../values.js'
import type { CompileTimeFunction } from './function.js'

interface Rounding {
  readonly name: string
  readonly summary: string
  readonly example: string
  readonly compute: (value: number) => number
}

function rounding({ name, summary, example, compute }: Rounding): CompileTimeFunction {
  return {
    name,
    summary,
    example,
    parameters: [{ name: 'x', meaning: 'a number' }],
    evaluate(call) {
      const x = call.number('x')
      return x === undefined ? undefined : numberValue(compute(x))
    },
  }
}

/** A number, of which -0 is none. */
function numberValue(value: number): Value {
  return { kind: 'number', value: value === 0 ? 0 : value }
}

/** Halves are rounded away from zero. */
function roundHalf(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}

export const numberFunctions: readonly CompileTimeFunction[] = [
  rounding({
    name: 'floor',
    summary: 'Returns the largest whole number that is not above a number.',
    example: 'hidden = floor(width / 16)',
    compute: Math.floor,
  }),
  rounding({
    name: 'ceil',
    summary: 'Returns the smallest whole number that is not below a number.',
    example: 'padded = ceil(size / 7) * 7',
    compute: Math.ceil,
  }),
  rounding({
    name: 'round',
    summary: 'Returns the nearest whole number; halves are rounded away from zero.',
    example: 'hidden = round(width * 0.25)',
    compute: roundHalf,
  }),
  {
    name: 'mod',
    summary: "Returns the remainder of a division, with the divisor's sign: x - y * floor(x / y).",
    example: 'shift = mod(i, 2) == 0 ? 0 : 3',
    parameters: [
      { name: 'x', meaning: 'the number that is divided' },
      { name: 'y', meaning: 'the divisor' },
    ],
    evaluate(call) {
      const [x, y] = [call.number('x'), call.number('y')]
      if (x === undefined || y === undefined) return undefined
      return y === 0 ? call.divisionByZero() : numberValue(((x % y) + y) % y)
    },
  },
]
