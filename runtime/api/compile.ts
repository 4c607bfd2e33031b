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
  /** The output folder, created if it does not exist. */
  readonly out: string
  /** The model's parameters, as `--set` does. */
  readonly set?: ModelSettings
  /** The seed of random weights in an ONNX file; 1 by default. */
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
 * Compiles a spec to a target: a TypeScript project, or an ONNX file with random weights. Returns the paths of the files.
 *
 * @throws SpecFailure if the spec has errors; Failure `spec-unreadable`, `no-model`, `cannot-write`
 */
export async function compile(spec: SpecInput, { target, out, set, seed = 1 }: CompileOptions): Promise<string[]> {
  const path = typeof spec === 'string' ? spec : spec.path
  return writeTarget(ready(compiledFrom(spec, set), path), { target, out, seed })
}

/** The implementation of the interface for specs for a program. */
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
