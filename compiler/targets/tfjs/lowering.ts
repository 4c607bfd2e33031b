/** What an operation may ask while it writes its TensorFlow.js code. Feature maps are channels-last there. */
export interface TfjsCall {
  /** Code of the tensor given for an argument. */
  input(argument: string): string
  inputs(argument: string): readonly string[]
  has(argument: string): boolean
  /** Number of dimensions of the tensor given for an argument (of its first, when there are several). */
  rank(argument: string): number
  /** Sizes of that tensor as TensorFlow.js sees it; the batch is -1. */
  sizes(argument: string): readonly number[]
  /** Sizes of the call's own (first) output, likewise. */
  outputSizes(): readonly number[]
  /** Code of the scope that holds the call's parameters: `at.in('conv')`. Through it come the phase and chance, too. */
  scope(): string
  /** Code of an attribute's value: a literal, or the name of the function's own argument. */
  code(argument: string): string
  /** The attribute's value, for those that do not vary. */
  value(argument: string): number | boolean | string | readonly number[] | undefined
  /** `{ stride: 2, padding: 1 }`: the named attributes, those at their default left out; empty when all are. */
  options(...names: readonly string[]): string
  /** Marks a function of wsban/runtime as used, and gives its name. */
  runtime(name: string): string
}

/** The expression that computes the call: `tf.relu(x)`, or `bap(features, attention, 'mean')`. */
export type TfjsLowering = (call: TfjsCall) => string

/** `f(a, b)`, empty arguments left out. */
export function callText(name: string, ...args: readonly string[]): string {
  return `${name}(${args.filter((argument) => argument !== '').join(', ')})`
}
