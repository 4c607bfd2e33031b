import { join } from 'node:path'
import { writeAtomically } from '../files.js'
import { packageVersion } from '../package-root.js'
import type { ReadySpec } from '../specs/host.js'

export type Target = 'tfjs' | 'onnx' | 'pytorch'

export interface TargetRequest {
  readonly target: Target
  /** The folder to write to; it is made if need be. */
  readonly out: string
  /** Of the random weights in an ONNX file. */
  readonly seed: number
}

/** Writes what a target makes of a spec; gives the files' paths. @throws Failure `cannot-write` */
export async function writeTarget(spec: ReadySpec, { target, out, seed }: TargetRequest): Promise<string[]> {
  if (target === 'tfjs') {
    const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
    const options = { source: spec.stored.entry, version: packageVersion(), spec: spec.stored }
    return writeFiles(emitTfjs(spec.graph, options), out)
  }
  if (target === 'pytorch') {
    const { pytorchFiles } = await import('../pytorch/files.js')
    return writeFiles(await pytorchFiles(spec), out)
  }
  const { exportOnnx } = await import('./onnx.js')
  const path = join(out, `${spec.graph.name}.onnx`)
  await exportOnnx({
    graph: spec.graph,
    stored: spec.stored,
    classes: undefined,
    path,
    input: 'image',
    weights: { seed },
  })
  return [path]
}

async function writeFiles(
  files: readonly { readonly path: string; readonly text: string }[],
  out: string,
): Promise<string[]> {
  for (const { path, text } of files) await writeAtomically(join(out, path), text)
  return files.map(({ path }) => join(out, path))
}
