import type { Setting } from '../graph/graph.js'
import type { ArgumentSpec } from '../ops/operation.js'
import type { OnnxAttribute } from '../targets/onnx/program.js'
import type { OnnxProgramBuilder } from '../targets/onnx/program_builder.js'
import type { ResizeLowering } from '../targets/onnx/resize_lowering.js'
import type { Expression } from '../targets/pytorch/expression.js'

/** A setting of the train block, or an image step: a word with arguments that the runtime carries out. */
export interface SettingSpec {
  readonly name: string
  readonly kind: 'optimizer' | 'schedule' | 'average' | 'sampler' | 'cache' | 'group' | 'image step' | 'batch step'
  readonly summary: string
  readonly arguments: readonly ArgumentSpec[]
  /** How an image step is done inside an exported file; absent for those that exist only in training. */
  readonly onnx?: (step: OnnxStep) => string
  /** For an optimiser; schedules and image steps are functions of the same name in Python, with the same arguments. */
  readonly pytorch?: PytorchOptimizer
  /** For an image step: the argument that says how large the image is afterwards. */
  readonly resizesTo?: string
}

export interface PytorchOptimizer {
  /** The expression that constructs it from `groups` and `RATE`. */
  readonly create: (given: Setting['arguments']) => Expression
  /** The keys of its state in torch, by the name of the optimizer state in a checkpoint. */
  readonly slots: Readonly<Record<string, string>>
}

/** An image during preprocessing. A step returns it as float32 [batch, 3, height, width]. */
export interface OnnxStep {
  /** Returns the image as float32 [batch, 3, height, width]. */
  channelsFirst(): string
  /** Returns the image as [batch, height, width, 3]: bytes until a step has computed something. */
  channelsLast(): { readonly name: string; readonly element: 'uint8' | 'float' }
  readonly arguments: Setting['arguments']
  /** Height and width before the step, once they are fixed. */
  readonly size: number | undefined
  /** How an image is resized. */
  readonly resize: ResizeLowering
  readonly builder: OnnxProgramBuilder
  /** Adds a node and returns the name of its output: one within the step, or without a name that of the step, which is its result. */
  readonly add: (
    operator: string,
    inputs: readonly string[],
    name?: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ) => string
}
