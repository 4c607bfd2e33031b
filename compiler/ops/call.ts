import type { Code, ValuesOf } from '../diagnostics/table.js'
import type { Initializer, Phase, Positions, TensorType, Uniform } from '../graph/graph.js'
import type { Tensor } from './support/tensor.js'

/** One call, as its type inference sees it. */
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
  /** Reports a problem at the call, with each named argument's tensor shown where it was defined; gives undefined back. */
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
  /** Of the variance of a batch norm: the number that is added to it, which no checkpoint holds. */
  readonly eps?: number
}

/** A call with its values, for the plain reference. */
export interface Evaluation extends Typed {
  readonly phase: Phase
  tensor(argument: string): Tensor
  tensors(argument: string): readonly Tensor[]
  parameter(role: string): Tensor
  /** A sum or mean of so many terms that the operation needs on its way; the fuzzer perturbs it as single precision does. */
  rounded(value: number, terms: number): number
  /** Replaces a statistic after the step. */
  update(role: string, value: Tensor): void
  /** A stream of numbers in [0, 1) of this call alone; the same as the engine's for the same seed. */
  random(): () => number
  /** A constant, or one draw from its range. */
  draw(argument: string, random: () => number): number
  /** Whether the argument is a range to draw from. */
  range(argument: string): Uniform | undefined
}
