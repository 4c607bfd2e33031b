import type { Graph } from '../../compiler/graph/graph.js'
import { Failure } from '../failure.js'
import type { Reporter } from '../reporter.js'
import type { CompiledSpec } from './spec.js'

export interface ReadySpec extends CompiledSpec {
  readonly graph: Graph
}

/** Who works with specs: the command line, or a program that calls the library. It decides what becomes of diagnostics. */
export interface SpecHost {
  readonly reporter: Reporter
  /**
   * A spec as it came out of the compiler, from a file that a person wrote or from a run's own copy.
   * @throws when it has errors, or no model in it
   */
  accept(compiled: CompiledSpec, path: string, from: 'file' | 'run'): ReadySpec
}

/** For a file that has blocks to import and nothing to work with. */
export function noModel(path: string): Failure {
  return new Failure({
    code: 'no-model',
    message: `${path} defines no model`,
    help: 'give a file with a model in it; blocks are imported from there',
    path,
  })
}
