import type { Typed } from '../../ops/call.js'
import type { OnnxAttribute, OnnxElement } from './program.js'
import type { OnnxBody } from './program_builder.js'

/** A call of an operation for its lowering to ONNX. Feature maps are channels-first. */
export interface OnnxCall extends Typed {
  /** The opset that is written. */
  readonly opset: number
  /** Whether the file avoids Loop, GridSample and Resize, which several runtimes lack. */
  readonly portable: boolean
  /** Name of the value given for an argument. */
  input(argument: string): string
  inputs(argument: string): readonly string[]
  /** Name of a parameter's initialiser. */
  parameter(role: string): string
  /** Sizes of the call's output; the batch is undefined. */
  outputSizes(index?: number): readonly (number | undefined)[]
  /**
   * Adds a node and returns the name of its output. `step` names it under the call's own path: master/parts/matmul. Without one it is the call's last
   * node, named by the path alone.
   */
  add(
    operator: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    step?: string,
  ): string
  /** The same for a node with several outputs: a step for each, except for the call's own output. */
  addAll(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    steps: readonly (string | undefined)[],
  ): readonly string[]
  /** Adds a Cast and returns the name of its output, which is named as by `add`. */
  cast(value: string, element: OnnxElement, step?: string): string
  /** A constant float tensor; a scalar when no shape is given. Equal ones are stored once. */
  float(values: readonly number[] | number, shape?: readonly number[]): string
  int64(values: readonly number[] | number, shape?: readonly number[]): string
  bool(value: boolean): string
  /** A separate constant for a numeric argument, which can be changed in the finished program by `withSetting`. */
  setting(argument: string): string
  /** Adds a Loop, or the nodes of its rounds one after the other in a portable file; gives the names of its outputs. */
  loop(loop: OnnxLoop): readonly string[]
}

export interface OnnxLoop {
  /** The loop is named by it under the call's own path, and so are its rounds. */
  readonly step: string
  /** The most rounds. */
  readonly rounds: number
  /** For a body that ends the loop at a fixed point: the number of rounds after which it has certainly been reached. */
  readonly settledAfter?: number
  /** Values that each round takes and replaces, as they are before the first one. */
  readonly initial: readonly string[]
  /**
   * As ONNX describes the body of a Loop: its inputs are the number of the round, a condition, and the values that it replaces; its outputs are
   * the condition of the next round, the replaced values, and those that are stacked along a new first axis. Values of the outer graph can be
   * used by name.
   */
  readonly body: (inner: OnnxBody) => void
}

/** Adds nodes; gives the names of the call's outputs in order. */
export type OnnxLowering = (call: OnnxCall) => readonly string[]
