import type { ModelSettings } from '../../../compiler/analysis/model.js'
import type { GeneratedFile } from '../../../compiler/targets/tfjs/emit.js'

interface NamedSpec {
  readonly name: string
  readonly text: string
}

/** Requests to the worker that generates code. */
export type CodeRequests = {
  /** The files of a target; `expanded` is the spec with every default written out. */
  readonly files: {
    readonly takes: { readonly spec: NamedSpec; readonly target: 'tfjs' | 'pytorch' | 'expanded' }
    readonly answers: readonly GeneratedFile[]
  }
  /** The TensorFlow.js code as JavaScript modules of CommonJS. */
  readonly modules: {
    readonly takes: { readonly spec: NamedSpec; readonly set: ModelSettings }
    readonly answers: readonly GeneratedFile[]
  }
}
