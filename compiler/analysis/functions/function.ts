import type { BoundArgument, Value } from '../values.js'

/** A function that the compiler evaluates: it makes a constant, and no node of the graph. */
export interface CompileTimeFunction {
  readonly name: string
  readonly summary: string
  readonly example: string
  readonly parameters: readonly FunctionParameter[]
  /** Returns the value; undefined when an argument does not fit, which is reported. The required arguments are given, none is an error value. */
  evaluate(call: FunctionCall): Value | undefined
}

export interface FunctionParameter {
  readonly name: string
  readonly meaning: string
  /** Whether it can be left out. */
  readonly optional?: boolean
}

export interface FunctionCall {
  argument(name: string): BoundArgument | undefined
  /** Returns a given argument as a number without a unit; undefined for anything else, which is reported. */
  number(name: string): number | undefined
  /** Reports an argument of another type than expected. */
  wrong(name: string, expected: string): undefined
  divisionByZero(): undefined
  /** Reports an argument that names no published backbone. */
  unknownBackbone(name: string, backbone: string): undefined
}
