import type { GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { packageVersion } from '../package_version.js'
import { type Checked, checked } from './check.js'
import { compiled, type Spec, type SpecOptions } from './spec.js'

export interface CompileOptions extends SpecOptions {
  /** TensorFlow.js code in TypeScript, or PyTorch code in Python. */
  readonly target: 'tfjs' | 'pytorch'
}

/** The files of a target; none if the spec has errors or no model. */
export interface CompiledFiles extends Checked {
  readonly files: readonly GeneratedFile[]
}

/** Compiles a spec to the files that `wsban compile` writes. The code that writes them is loaded with the first call for a target. */
export async function compile(spec: Spec, options: CompileOptions): Promise<CompiledFiles> {
  const { graph, diagnostics, texts, stored } = compiled(spec, options)
  const result = checked(diagnostics, texts)
  if (!graph) return { ...result, files: [] }
  if (options.target === 'pytorch') {
    const { pytorchFiles } = await import('../pytorch/files.js')
    return { ...result, files: pytorchFiles({ graph, stored }) }
  }
  const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
  return { ...result, files: emitTfjs(graph, { source: stored.entry, version: packageVersion(), spec: stored }) }
}
