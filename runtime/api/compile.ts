import type { ModelSettings } from '../../compiler/analysis/model.js'
import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { type PlacedDiagnostic, placed } from '../../compiler/diagnostics/placed.js'
import { type Target, writeTarget } from '../export/target.js'
import { Failure } from '../failure.js'
import { type Reporter, silent } from '../reporter.js'
import { noModel, type ReadySpec, type SpecHost } from '../specs/host.js'
import type { CompiledSpec } from '../specs/spec.js'
import { compiledFrom, type SpecInput } from './check.js'

export interface CompileOptions {
  readonly target: Target
  /** The folder to write to; it is made if need be. */
  readonly out: string
  /** The model's parameters, as `--set` does. */
  readonly set?: ModelSettings
  /** Of the random weights in an ONNX file; 1 without. */
  readonly seed?: number
}

/** A spec with errors. */
export class SpecFailure extends Failure {
  constructor(
    path: string,
    readonly diagnostics: readonly PlacedDiagnostic[],
  ) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const [first] = errors
    const where = first ? `${first.at.file}:${first.at.line}:${first.at.column}: ${first.message}` : 'unknown'
    super({
      code: 'spec-rejected',
      message: `${path} has ${errors.length} error${errors.length === 1 ? '' : 's'}; the first is ${where}`,
      help: first?.help ?? 'wsban check shows them all',
      path,
    })
  }
}

/**
 * Writes what a target makes of a spec: a TypeScript project, or an ONNX file with random weights. Gives the paths written.
 *
 * @throws SpecFailure when the spec has errors; Failure `spec-unreadable`, `no-model`, `cannot-write`
 */
export async function compile(spec: SpecInput, { target, out, set, seed = 1 }: CompileOptions): Promise<string[]> {
  const path = typeof spec === 'string' ? spec : spec.path
  return writeTarget(ready(compiledFrom(spec, set), path), { target, out, seed })
}

/** A program as what works with specs. */
export function programHost(reporter: Reporter = silent): SpecHost {
  return { reporter, accept: (compiled, path) => ready(compiled, path) }
}

function ready(compiled: CompiledSpec, path: string): ReadySpec {
  const { graph, diagnostics, texts } = compiled
  if (graph) return { ...compiled, graph }
  if (hasErrors(diagnostics))
    throw new SpecFailure(
      path,
      diagnostics.map((diagnostic) => placed(diagnostic, texts)),
    )
  throw noModel(path)
}
