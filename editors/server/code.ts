import type { Library } from '../../compiler/analysis/modules.js'
import type { Source } from '../../compiler/compile.js'
import { expand } from '../../compiler/expand/expand.js'
import type { GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { packageVersion } from '../../runtime/package_version.js'
import { compileFrom } from '../../runtime/specs/compiled_spec.js'
import type { CodeResult, CodeTarget } from './requests.js'

/** Generates the code of a target; no files for a text with errors or without a model. The generator is loaded on first use. */
export async function codeOf(library: Library, entry: Source, target: CodeTarget): Promise<CodeResult> {
  const { graph, stored } = compileFrom(library, entry)
  if (!graph) return { files: [] }
  switch (target) {
    case 'expanded':
      return { files: [{ path: 'expanded.wsban', text: expand(entry.source, entry.text, library) }] }
    case 'pytorch': {
      const { emitPytorch } = await import('../../compiler/targets/pytorch/emit.js')
      return { files: files(emitPytorch(graph, { source: stored.entry, version: packageVersion() })) }
    }
    case 'onnx': {
      const { onnxText } = await import('./onnx_text.js')
      return { files: [{ path: 'model.onnx.txt', text: onnxText(graph) }] }
    }
    case 'tfjs': {
      const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
      return { files: files(emitTfjs(graph, { source: stored.entry, version: packageVersion(), spec: stored })) }
    }
  }
}

/** Source files only, without binary data. */
function files(generated: readonly GeneratedFile[]): CodeResult['files'] {
  return generated.filter(({ path }) => /\.(?:ts|py)$/.test(path)).map(({ path, text }) => ({ path, text }))
}
