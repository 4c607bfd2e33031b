import type { Code, ValuesOf } from '../diagnostics/table.js'
import type { Attribute, Dimension, Initializer, Phase, TensorType, Uniform } from '../graph/graph.js'
import type { OnnxLowering } from '../targets/onnx/lowering.js'
import type { PytorchLowering } from '../targets/pytorch/lowering.js'
import type { TfjsLowering } from '../targets/tfjs/lowering.js'
import type { Case } from './support/case.js'
import type { Tensor } from './support/tensor.js'

/** What an argument may hold. */
export type ArgumentKind =
  | { readonly is: 'tensor' }
  /** One or more tensors; takes every positional value that is left. */
  | { readonly is: 'tensors'; readonly atLeast: number }
  /** A tensor or a number: arithmetic. */
  | { readonly is: 'tensor or number' }
  | { readonly is: 'integer'; readonly from?: number; readonly to?: number }
  | {
      readonly is: 'number'
      readonly from?: number
      readonly to?: number
      readonly above?: number
      readonly below?: number
    }
  /** A number that may also be drawn: uniform(40%, 60%). */
  | { readonly is: 'number or uniform'; readonly from: number; readonly to: number }
  | { readonly is: 'boolean' }
  | { readonly is: 'word'; readonly words: readonly string[] }
  /** One integer, or [vertical, horizontal]. */
  | { readonly is: 'pair'; readonly from: number }
  /** One number for all colours, [red, green, blue], or the name of three known ones. */
  | { readonly is: 'colours'; readonly named: Readonly<Record<string, readonly number[]>>; readonly above?: number }
  /** Any number of integers: [3, -1]. */
  | { readonly is: 'integers' }

export interface ArgumentSpec {
  readonly name: string
  readonly kind: ArgumentKind
  /** Absent: it has to be given. `null`: it may be left out, and nothing stands for it. */
  readonly default?: number | boolean | string | null
  readonly meaning: string
  /** Where the default comes from: a paper's section, a library, a known implementation. */
  readonly source?: string
  /** What to say when a value is out of range. */
  readonly advice?: string
  /** What its number counts, and so may be written behind it: `2 epochs`. */
  readonly counts?: 'epochs'
  /**
   * A value that a function of generated code may take as its own argument, when calls of one block differ in it.
   * The other arguments decide what code is written at all.
   */
  readonly varies?: boolean
  /** Decides the shape of weights and nothing else: code that reads the weights need not know it. */
  readonly weightsOnly?: boolean
  /** Takes the class label; every other argument takes numbers. */
  readonly label?: boolean
  /** Values of this kind are possible here, and nearly always a slip. */
  readonly unlikely?: Trait
}

/** What can be told of a value without computing it, as far as warnings ask for it. */
export type Trait =
  /** Each row adds up to 1. */
  | 'probabilities'
  /** Each image's values together have length 1. */
  | 'unit length'
  /** Maps with cells between their own. */
  | 'enlarged'

/** What is known of one call when its types are worked out. */
export interface Typed {
  type(argument: string): TensorType
  types(argument: string): readonly TensorType[]
  has(argument: string): boolean
  number(argument: string): number
  pair(argument: string): readonly [vertical: number, horizontal: number]
  integers(argument: string): readonly number[]
  flag(argument: string): boolean
  word(argument: string): string
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
}

/** A call with its values, for the plain reference. */
export interface Evaluation extends Typed {
  readonly phase: Phase
  tensor(argument: string): Tensor
  tensors(argument: string): readonly Tensor[]
  parameter(role: string): Tensor
  /** Replaces a statistic after the step. */
  update(role: string, value: Tensor): void
  /** A stream of numbers in [0, 1) of this call alone; the same as the engine's for the same seed. */
  random(): () => number
  /** A constant, or one draw from its range. */
  draw(argument: string, random: () => number): number
  /** Whether the argument is a range to draw from. */
  range(argument: string): Uniform | undefined
}

/** All that the project knows of one operation. Adding one is one file and one line in the index. */
export interface Operation {
  readonly name: string
  /** One sentence: what it computes. */
  readonly summary: string
  /** Formula and what to know of it, for its page. */
  readonly details?: string
  /** Paper, section, equation, or implementation. */
  readonly source?: string
  readonly arguments: readonly ArgumentSpec[]
  /** Names of the outputs when there is more than one; the first is the value of the call. */
  readonly outputs?: readonly string[]
  /** The shape rule. Undefined: a problem was reported. */
  infer(call: Inference): readonly TensorType[] | undefined
  parameters?(call: Typed): readonly ParameterSpec[]
  /** Multiply-adds for one image. */
  multiplyAdds?(call: Typed, outputs: readonly TensorType[]): number
  readonly tfjs: TfjsLowering
  readonly pytorch: PytorchLowering
  /** `training only`: the operation never reaches an exported file. */
  readonly onnx: OnnxLowering | 'training only'
  /** Its ONNX nodes may compute in half precision or on eight-bit values: what goes in and comes out is of moderate size, and nothing decides by its last digits. */
  readonly lowPrecision?: true
  /** For an operation that cuts out a part: its output that holds the boxes, and the argument they are taken from. */
  readonly crop?: { readonly boxes: number; readonly guide: string }
  /** A loss whose mean over two labels, weighted, is the loss of a picture mixed of the two. */
  readonly weighsLabels?: true
  /** In training it normalises each channel by its mean and variance over the batch. */
  readonly batchStatistics?: true
  /** Arguments through which no gradient goes back: a crop's guide. */
  readonly stopsGradient?: readonly string[]
  /** The argument from which others learn: it is meant to get no gradient from here. */
  readonly teacher?: string
  /** What is true of the output, whatever goes in. */
  gives?(call: Typed): Trait | undefined
  /** What is true of the output when it is true of each tensor that goes in. */
  readonly keeps?: readonly Trait[]
  /** In inference the call is nothing but this argument's tensor: dropout. */
  readonly passesInInference?: string
  /** Slow, plain and right. */
  reference(call: Evaluation): readonly Tensor[]
  readonly cases: readonly Case[]
}

export type { Attribute, Dimension, TensorType }
