import type { ModelSettings } from '../../compiler/analysis/model.js'
import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { noModel, type ReadySpec, type SpecHost } from '../../runtime/specs/host.js'
import { type CompiledSpec, compileFile } from '../../runtime/specs/spec.js'
import { SpecRejected } from '../action.js'
import type { Io } from '../io.js'

/** Compiles the spec of a command and shows its diagnostics. @throws SpecRejected if there are errors */
export function readySpec(path: string, settings: ModelSettings, io: Io, train: readonly string[] = []): ReadySpec {
  const compiled = compileFile(path, settings, train)
  io.diagnostics(compiled.diagnostics, compiled.texts)
  return requireGraph(compiled, path, io)
}

export function requireGraph(compiled: CompiledSpec, path: string, io: Io): ReadySpec {
  const { graph, diagnostics } = compiled
  if (graph) return { ...compiled, graph }
  if (hasErrors(diagnostics)) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    io.json({ ok: false, errors: errors.map(({ code, message, help }) => ({ code, message, help })) })
    throw new SpecRejected()
  }
  throw noModel(path)
}

/**
 * The command line's implementation of the interface for specs in runtime/. A run's spec is compiled without warnings, which were shown in training.
 */
export function specHost(io: Io): SpecHost {
  return {
    reporter: io.reporter,
    accept(compiled, path, from) {
      if (from === 'file') io.diagnostics(compiled.diagnostics, compiled.texts)
      return requireGraph(compiled, path, io)
    },
  }
}
