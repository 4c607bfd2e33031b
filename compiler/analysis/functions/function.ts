import type { TensorType } from '../../graph/graph.js'
import type { ArgumentSpec, Operation } from '../../ops/operation.js'
import type { BoundArgument, TensorValue, Value } from '../values.js'

/** A function that the compiler evaluates: its value is a constant, or a list of what operations compute. */
export interface CompileTimeFunction {
  readonly name: string
  readonly summary: string
  readonly example: string
  readonly parameters: readonly FunctionParameter[]
  /** Whether a call makes weights. */
  readonly makesWeights?: true
  /** Returns the value; undefined after reporting an invalid argument. All required arguments are present and valid. */
  evaluate(call: FunctionCall): Value | undefined
}

export interface FunctionParameter {
  readonly name: string
  readonly meaning: string
  /** Whether it can be left out. */
  readonly optional?: boolean
  /** For one that is written like an argument of an operation, such as a bare word for an axis. */
  readonly argument?: ArgumentSpec
}

export interface FunctionCall {
  argument(name: string): BoundArgument | undefined
  /** Returns a given argument as a number without a unit; undefined for anything else, which is reported. */
  number(name: string): number | undefined
  /** Returns the number of the axis that a parameter names, the batch counted as axis 0; undefined for anything else, which is reported. */
  axis(parameter: FunctionParameter, type: TensorType): number | undefined
  /** Applies an operation to values, as item `index` of the list that the function returns; undefined after it has reported a problem. */
  apply(operation: Operation, values: ReadonlyMap<string, BoundArgument>, index: number): TensorValue | undefined
  /**
   * Runs the block or branch of an argument once more, with parameters that are moving averages of its own; undefined after it has
   * reported a problem.
   */
  average(name: string, decay: number): Value | undefined
  /** Reports an argument of another type than expected. */
  wrong(name: string, expected: string): undefined
  divisionByZero(): undefined
  /** Reports an argument that names no published backbone. */
  unknownBackbone(name: string, backbone: string): undefined
}
