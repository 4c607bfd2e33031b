import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emitPytorch, type GeneratedFile } from '../../compiler/targets/pytorch/emit.js'
import { packageRoot, packageVersion } from '../package-root.js'
import type { ReadySpec } from '../specs/host.js'

/** Returns the PyTorch code of a spec: its model and, if it has a loss, the training program, which is the same for all specs. */
export async function pytorchFiles({ graph, stored }: ReadySpec): Promise<readonly GeneratedFile[]> {
  const generated = emitPytorch(graph, { source: stored.entry, version: packageVersion() })
  if (!generated.some(({ path }) => path === 'recipe.py')) return generated
  const folder = join(packageRoot(), 'runtime', 'pytorch', 'python')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.py')).sort()
  const program = names.map(async (path) => ({ path, text: await readFile(join(folder, path), 'utf8') }))
  // A run stores the spec in this form, from which wsban exports and evaluates the run.
  const spec = { path: 'spec.json', text: `${JSON.stringify(stored, undefined, 2)}\n` }
  return [...generated, ...(await Promise.all(program)), spec]
}
