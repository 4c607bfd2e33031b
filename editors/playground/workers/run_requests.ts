import type { Answer } from '../../../runtime/page/answer.js'

/** A text with weights. */
export interface ModelVersion {
  readonly spec: { readonly name: string; readonly text: string }
  /** The seed of parameters without weights. */
  readonly seed: number
  /** The identity of the weights. */
  readonly weightsName: string
  /** A safetensors file. */
  readonly weights?: Uint8Array
}

export interface FileSizes {
  readonly bytes: number
  readonly nodes: number
  readonly parameters: number
  /** The number of parameters with random values. */
  readonly random: number
}

/** Requests to the worker that exports models and runs them. */
export type RunRequests = {
  readonly look: {
    readonly takes: { readonly version: ModelVersion; readonly image: ImageBitmap }
    readonly answers: { readonly answer: Answer; readonly file: FileSizes }
  }
  readonly onnx: {
    readonly takes: ModelVersion
    readonly answers: { readonly bytes: Uint8Array<ArrayBuffer>; readonly file: FileSizes }
  }
}
