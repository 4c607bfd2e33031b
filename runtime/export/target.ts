import { join } from 'node:path'
import type { GeneratedFile } from '../../compiler/targets/tfjs/emit.js'
import { packageVersion } from '../package_version.js'
import type { ReadySpec } from '../specs/host.js'
import { WrittenFiles } from '../written_files.js'

export type Target = 'tfjs' | 'onnx' | 'pytorch'

export interface TargetRequest {
  readonly target: Target
  /** The output folder, created if it does not exist. */
  readonly out: string
  /** The seed of random weights in an ONNX file. */
  readonly seed: number
}

/**
 * Compiles a spec to a target and writes the files. Returns their paths.
 * @throws Failure `cannot-write`, `file-exists` where a file would replace one that wsban did not write
 */
export async function writeTarget(spec: ReadySpec, { target, out, seed }: TargetRequest): Promise<string[]> {
  if (target === 'tfjs') {
    const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
    const options = { source: spec.stored.entry, version: packageVersion(), spec: spec.stored }
    return writeFiles(emitTfjs(spec.graph, options), out)
  }
  if (target === 'pytorch') {
    const { pytorchFiles } = await import('../pytorch/files.js')
    return writeFiles(pytorchFiles(spec), out)
  }
  const { exportOnnx } = await import('./onnx.js')
  const name = `${spec.graph.name}.onnx`
  const { graph, stored } = spec
  const files = await WrittenFiles.open(out)
  await files.writeBy(name, (path) =>
    exportOnnx({ graph, stored, classes: undefined, path, input: 'image', weights: { seed } }),
  )
  return [join(out, name)]
}

async function writeFiles(generated: readonly GeneratedFile[], out: string): Promise<string[]> {
  const files = await WrittenFiles.open(out)
  await files.writeAll(generated)
  return generated.map(({ path }) => join(out, path))
}
