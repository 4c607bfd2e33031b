import { join } from 'node:path'
import { Failure } from '../failure.js'
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

/** Writes what a target makes of a spec; gives the files' paths. @throws Failure `cannot-write`, `target-missing` */
export async function writeTarget(spec: ReadySpec, { target, out, seed }: TargetRequest): Promise<string[]> {
  if (target === 'tfjs') {
    const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
    const files = emitTfjs(spec.graph, { source: spec.stored.entry, version: packageVersion(), spec: spec.stored })
    for (const { path, text } of files) await writeAtomically(join(out, path), text)
    return files.map(({ path }) => join(out, path))
  }
  if (target === 'onnx') {
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
  throw new Failure({
    code: 'target-missing',
    message: 'this version does not write PyTorch',
    help: '--target tfjs or --target onnx',
    exit: 2,
  })
}
