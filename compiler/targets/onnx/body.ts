import type { onnx } from 'onnx-proto'

/** Attributes by the type ONNX gives them. Integers and floats look alike in JavaScript, so floats are marked. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly graph: onnx.IGraphProto }

export type OnnxElement = 'float' | 'int64' | 'bool' | 'uint8'

/** A subgraph under construction. Dimensions are numbers or symbols. */
export interface OnnxBody {
  /** Gives the name by which the body's nodes use it. */
  input(name: string, element: OnnxElement, shape: readonly (number | string)[]): string
  /** `name` is what `add` gave. */
  output(name: string, element: OnnxElement, shape: readonly (number | string)[]): void
  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string
}
