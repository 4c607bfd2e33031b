import type { Code, ValuesOf } from '../diagnostics/table.js'
import type { Initializer, Phase, Positions, TensorType, Uniform } from '../graph/graph.js'
import type { Tensor } from './support/tensor.js'

/** A call with the types of its operands. */
export interface Typed {
  type(argument: string): TensorType
  types(argument: string): readonly TensorType[]
  has(argument: string): boolean
  number(argument: string): number
  pair(argument: string): readonly [vertical: number, horizontal: number]
  integers(argument: string): readonly number[]
  flag(argument: string): boolean
  word(argument: string): string
  /** Axes of a tensor, by name or by number. */
  axes(argument: string): string | readonly number[]
}

export interface Inference extends Typed {
  /** Reports a problem at the call, with labels where the tensors of the named arguments were defined. Returns undefined. */
  fail<C extends Code>(code: C, values: ValuesOf<C>, about?: readonly string[], note?: string): undefined
}

export interface ParameterSpec {
  /** The last part of its name: weight, bias, running_mean. */
  readonly role: string
  readonly shape: readonly number[]
  readonly initializer: Initializer
  readonly trainable: boolean
  readonly tfjsLayout?: readonly number[]
  readonly positions?: Positions
  /** The eps of a batch norm, which checkpoints do not store. */
  readonly eps?: number
}

/** A call with its values, for the reference implementation. */
export interface Evaluation extends Typed {
  readonly phase: Phase
  tensor(argument: string): Tensor
  tensors(argument: string): readonly Tensor[]
  parameter(role: string): Tensor
  /** Returns an intermediate sum or mean of this many terms, which the fuzzer perturbs by the rounding of single precision. */
  rounded(value: number, terms: number): number
  /** Replaces a statistic after the step. */
  update(role: string, value: Tensor): void
  /** Returns this call's stream of random numbers in [0, 1), equal to the engine's for the same seed. */
  random(): () => number
  /** Returns a constant, or a draw from its range. */
  draw(argument: string, random: () => number): number
  /** Returns the range of an argument that is drawn; undefined for a constant. */
  range(argument: string): Uniform | undefined
}
