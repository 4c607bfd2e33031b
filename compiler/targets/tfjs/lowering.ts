import type { CallExpression, Expression } from './expression.js'

/** One call of an operation, as its lowering to TensorFlow.js sees it. Feature maps are channels-last there. */
export interface TfjsCall {
  /** The tensor given for an argument. */
  input(argument: string): Expression
  inputs(argument: string): readonly Expression[]
  has(argument: string): boolean
  /** Number of dimensions of the tensor given for an argument (of its first, when there are several). */
  rank(argument: string): number
  /** Sizes of that tensor as TensorFlow.js sees it; the batch is -1. */
  sizes(argument: string): readonly number[]
  /** Sizes of the call's own (first) output, likewise. */
  outputSizes(): readonly number[]
  /** The scope that holds the call's parameters: `at.in('conv')`. */
  scope(): Expression
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
