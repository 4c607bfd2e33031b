import { emitPytorch, type GeneratedFile } from '../../compiler/targets/pytorch/emit.js'
import { packageVersion } from '../package_version.js'
import type { ReadySpec } from '../specs/host.js'
import { programTexts } from './program_texts.js'

/** Returns the PyTorch code of a spec: its model and, if it has a loss, the training program, which is the same for all specs. */
export function pytorchFiles({ graph, stored }: Pick<ReadySpec, 'graph' | 'stored'>): readonly GeneratedFile[] {
  const generated = emitPytorch(graph, { source: stored.entry, version: packageVersion() })
  if (!generated.some(({ path }) => path === 'recipe.py')) return generated
  const program = Object.entries(programTexts()).map(([name, text]) => ({ path: `${name}.py`, text }))
  // A run stores the spec in this form, from which wsban exports and evaluates the run.
  const spec = { path: 'spec.json', text: `${JSON.stringify(stored, undefined, 2)}\n` }
  return [...generated, ...program, spec]
}
