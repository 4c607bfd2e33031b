import type { Attribute, Dimension, TensorType } from '../graph/graph.js'
import type { OnnxLowering } from '../targets/onnx/lowering.js'
import type { PytorchLowering } from '../targets/pytorch/lowering.js'
import type { Expression as TfjsExpression } from '../targets/tfjs/expression.js'
import type { LayoutRule, TfjsCall, TfjsLowering } from '../targets/tfjs/lowering.js'
import type { Normalization } from '../training/normalization.js'
import type { Evaluation, Inference, ParameterSpec, Typed } from './call.js'
import type { Case } from './support/case.js'
import type { Tensor } from './support/tensor.js'

/** The values that an argument accepts. */
export type ArgumentKind =
  | { readonly is: 'tensor' }
  /** One or more tensors; takes all remaining positional values. */
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
      /** Words that are accepted instead of a number. */
      readonly words?: readonly string[]
    }
  /** A number that may also be drawn: uniform(40%, 60%). */
  | { readonly is: 'number or uniform'; readonly from: number; readonly to: number }
  | { readonly is: 'boolean' }
  /** `ofBackbone`: the name of a published backbone is accepted, too, and selects its word. */
  | { readonly is: 'word'; readonly words: readonly string[]; readonly ofBackbone?: 'interpolation' }
  /** Any text, in quotes. */
  | { readonly is: 'text' }
  /** One integer, or [vertical, horizontal]. */
  | { readonly is: 'pair'; readonly from: number }
  /** One number for all colours, [red, green, blue], a named set of three, or a published backbone, whose values are used. */
  | {
      readonly is: 'colours'
      readonly named: Readonly<Record<string, readonly number[]>>
      readonly ofBackbone: keyof Normalization
      readonly above?: number
    }
  /** Any number of integers: [3, -1]. */
  | { readonly is: 'integers' }
  /** Any number of numbers: [0.5, -1]. */
  | { readonly is: 'numbers' }
  /** One axis or several: a word, a number, or a list of numbers. */
  | { readonly is: 'axes' }

export interface ArgumentSpec {
  readonly name: string
  readonly kind: ArgumentKind
  /** Absent if the argument is required; `null` if it is optional without a default. */
  readonly default?: number | boolean | string | null
  readonly meaning: string
  /** The source of the default: a paper's section, a library, a known implementation. */
  readonly source?: string
  /** Advice for a value that is out of range. */
  readonly advice?: string
  /** The unit that may follow its number: `2 epochs`. */
  readonly counts?: 'epochs'
  /**
   * Whether a function of generated code may have a parameter for it if calls of one block differ in it. All other arguments determine the generated
   * code.
   */
  readonly varies?: boolean
  /** The operation's module stores the value for both phases: `training ? a : b` is rejected. */
  readonly byPhase?: false
  /** Only determines the shape of weights: code that reads the weights does not need it. */
  readonly weightsOnly?: boolean
  /** Takes the class label; every other argument takes numbers. */
  readonly label?: boolean
  /** Returns the operation that turns a tensor of another type into one that the argument takes; undefined if there is none. */
  converted?(type: TensorType): Conversion | undefined
  /** A property of values that is accepted here, but almost always a mistake. */
  readonly unlikely?: UnlikelyProperty
}

/** A call that the compiler inserts before an argument, with the tensor as its first operand. */
export interface Conversion {
  readonly operation: Operation
  /** All other arguments. */
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A property of a value that is known without computing it; warnings ask for it. */
export type ValueProperty =
  /** Each row sums to 1. */
  | 'probabilities'
  /** The values of each image have L2 norm 1. */
  | 'unit length'
  /** Maps that were upsampled. */
  | 'enlarged'
  /** Each number is between 0 and 1, and independent of the others. */
  | 'from 0 to 1'
  /** Negative numbers were replaced by 0. */
  | 'rectified'

/** A property that an operand may have by mistake. */
export type UnlikelyProperty = Exclude<ValueProperty, 'from 0 to 1' | 'rectified'>

/** The text of an operation's page. */
export interface Documentation {
  /** One sentence: what it computes. */
  readonly summary: string
  /** The definition in TeX, for the page in the documentation. */
  readonly formula?: string
  /** The formula in plain text, and further explanation. */
  readonly details?: string
  /** Lines that use it, for its page: in a branch with `trunk`, `features`, `attention` and `parts`, or beside one called `master`. */
  readonly example?: string
  /** Paper, section, equation, or implementation. */
  readonly source?: string
}

export interface Typing {
  /** The shape rule. Returns the types of the outputs, or undefined after it has reported a problem. */
  infer(call: Inference): readonly TensorType[] | undefined
  /** Weights and statistics that the call owns. */
  parameters?(call: Typed): readonly ParameterSpec[]
  /** Multiply-adds for one image. */
  multiplyAdds?(call: Typed, outputs: readonly TensorType[]): number
}

/** Properties of an operation that graph passes, warnings and training settings rely on. */
export interface Semantics {
  /** Its ONNX nodes may run in half precision or on 8-bit values: inputs and outputs are of moderate size, and no decision depends on rounding. */
  readonly lowPrecision?: true
  /** For an operation that crops: the output that holds the boxes, and the argument that they are computed from. */
  readonly crop?: { readonly boxes: number; readonly guide: string }
  /** A loss whose weighted mean over two labels is the loss of an image mixed from two (mixup, CutMix). */
  readonly supportsMixup?: true
  /** In training it normalises each channel by its mean and variance over the batch. */
  readonly batchStatistics?: true
  /** Arguments that receive no gradient: a crop's guide. */
  readonly stopsGradient?: readonly string[]
  /** The argument that holds a teacher's logits, which should receive no gradient from this loss. */
  readonly distillationTarget?: string
  /** A property of the output that holds for every input. */
  produces?(call: Typed): ValueProperty | undefined
  /** Properties that the output has if every tensor operand has them. */
  readonly preserves?: readonly ValueProperty[]
  /** Takes operands that all images share beside others: they broadcast along the batch. */
  readonly broadcasts?: true
  /** Accepts tensors with one number per pair of images, because it does not depend on the sizes of its operands. */
  readonly takesPairs?: true
  /** The result for an image depends on other images of its batch. */
  readonly mixesImages?: true
  /** It draws random numbers in training for all values of its arguments. */
  readonly random?: true
  /**
   * For an operation that returns one of two predictions for each image: what is computed for every image, what an image may skip, the number that
   * decides, and the output that is 1 for each image that skips.
   */
  readonly selects?: {
    readonly first: string
    readonly second: string
    readonly threshold: string
    readonly early: number
  }
  /** In inference the call is the identity on this argument: dropout. */
  readonly identityInInference?: string
}

/** The lowering of a call to each target. */
export interface Lowering {
  readonly tfjs: TfjsLowering
  /** The order of the axes of rank-4 operands and results in TensorFlow.js code; channels last by default. */
  readonly layout?: LayoutRule | ((call: Typed) => LayoutRule)
  readonly pytorch: PytorchLowering
  /** For a selection: its lowering if the second prediction is a function that is called only for the images that need it. */
  readonly skipping?: SkippingLowering
  /** The code is a name, such as that of a weight, and is inlined. */
  readonly inline?: true
  /** The TensorFlow.js function has an option `activation`, which it applies in the same pass over memory. */
  readonly takesActivation?: true
  /** Its name is one of these activations. */
  readonly isActivation?: true
  /** `training only`: the operation does not occur in an exported file. */
  readonly onnx: OnnxLowering | 'training only'
}

/** The lowering of a selection that computes its second prediction for some images only. */
export interface SkippingLowering {
  /** @param inputs an array of what the function takes. @param second the function */
  tfjs(call: TfjsCall, inputs: TfjsExpression, second: TfjsExpression): TfjsExpression
}

/** An operation of the language. Adding one takes one file and one line in the index. */
export interface Operation {
  readonly name: string
  readonly documentation: Documentation
  readonly arguments: readonly ArgumentSpec[]
  /** Names of the outputs if there are several; the value of the call is the first. */
  readonly outputs?: readonly string[]
  readonly typing: Typing
  readonly semantics?: Semantics
  /** Computes the value of a call in which every argument is a number: it is a constant then, and no node. */
  readonly constant?: (...values: readonly number[]) => number
  readonly lowering: Lowering
  /** The reference implementation in double precision, with which every target is compared. */
  reference(call: Evaluation): readonly Tensor[]
  readonly cases: readonly Case[]
}

export type { Attribute, Dimension, TensorType }
