import type { Typed } from '../../ops/call.js'
import type { CallExpression, Expression } from './expression.js'

/** The order in which the axes of a tensor of rank 4 are stored: [batch, channels, height, width], or [batch, height, width, channels]. */
export type StorageLayout = 'channels first' | 'channels last'

/** The order in which an operation takes operands of rank 4 and gives results of rank 4. */
export type LayoutRule =
  | StorageLayout
  /** Either, the same for all of them. */
  | 'preserved'
  /** Either for each: the result is the operand with its axes in this order, batch included. */
  | { readonly permutation: readonly number[] }

/** A call of an operation for its lowering to TensorFlow.js. */
export interface TfjsCall extends Typed {
  /** The tensor given for an argument. */
  input(argument: string): Expression
  inputs(argument: string): readonly Expression[]
  /** Number of dimensions of the tensor given for an argument (of its first, when there are several). */
  rank(argument: string): number
  /** Sizes of that tensor in the order in which it is stored; the batch is -1. */
  sizes(argument: string): readonly number[]
  /** Sizes of the call's own (first) output, likewise. */
  outputSizes(): readonly number[]
  /** The sizes of the axes in the language's order, in the order in which the (first) output is stored. */
  storedOutput(sizes: readonly number[]): readonly number[]
  /** Where an axis of that tensor is stored. Axis 0 is the batch. */
  axis(argument: string, axis: number): number
  /** The transpose from the stored operand to the stored output that permutes the axes of the language, batch included. */
  permutation(argument: string, axes: readonly number[]): readonly number[]
  /** The scope that holds the call's parameters: `at.in('conv')`. */
  scope(): Expression
  /** The call's only parameter, where that is named by the call's path alone. */
  weight(): Expression
  /** The scope of the function around the call, which knows the phase and the random stream. */
  readonly at: Expression
  /** An attribute's value: a literal, or the parameter of the surrounding function that carries it. */
  code(argument: string): Expression
  /** The attribute's value, for those that do not vary. */
  value(argument: string): number | boolean | string | readonly number[] | undefined
  /** `{ stride: 2, padding: 1 }`: the named attributes without those at their defaults; undefined when all are. */
  options(...names: readonly string[]): Expression | undefined
  /** A call of a function of wsban/runtime; arguments that are undefined are omitted. */
  runtime(name: string, ...given: readonly (Expression | undefined)[]): CallExpression
  /** The same for a function that returns the tensor type that it is asked for. */
  genericRuntime(name: string, ...given: readonly (Expression | undefined)[]): CallExpression
  /** A call of a function of TensorFlow.js, likewise. */
  tf(name: string, ...given: readonly (Expression | undefined)[]): CallExpression
}

/** Returns the expression that computes the call: `tf.relu(x)`, or `bap(features, attention, { pool: 'max' })`. */
export type TfjsLowering = (call: TfjsCall) => Expression
