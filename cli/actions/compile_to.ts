import { watch } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { Failure } from '../../runtime/failure.js'
import { writeAtomically } from '../../runtime/files.js'
import { packageVersion } from '../../runtime/package-root.js'
import type { ReadySpec } from '../../runtime/specs/host.js'
import { SpecRejected } from '../action.js'
import type { Io } from '../io.js'
import { readySpec } from './spec.js'

export interface CompileRequest {
  readonly target: 'tfjs' | 'onnx' | 'pytorch'
  readonly out: string
  readonly seed: number
  readonly set?: ModelSettings
}

/** Writes the target's files; gives their paths. */
export async function compileTo(file: string, request: CompileRequest, io: Io): Promise<string[]> {
  const spec = readySpec(file, request.set ?? {}, io)
  const paths = await writeTarget(spec, request)
  io.print(`wrote ${paths.join(', ')}`)
  return paths
}

async function writeTarget(spec: ReadySpec, { target, out, seed }: CompileRequest): Promise<string[]> {
  if (target === 'tfjs') {
    const { emitTfjs } = await import('../../compiler/targets/tfjs/emit.js')
    const files = emitTfjs(spec.graph, { source: spec.stored.entry, version: packageVersion(), spec: spec.stored })
    for (const { path, text } of files) await writeAtomically(join(out, path), text)
    return files.map(({ path }) => join(out, path))
  }
  if (target === 'onnx') {
    const { exportOnnx } = await import('../../runtime/export/onnx.js')
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

/** Compiles again whenever a file of the spec changes, until it is interrupted. */
export async function watchSpec(file: string, request: CompileRequest, io: Io): Promise<number> {
  const attempt = async () => {
    try {
      await compileTo(file, request, io)
    } catch (error) {
      if (error instanceof Failure) io.problem(error.problem)
      else if (!(error instanceof SpecRejected)) throw error
    }
  }
  await attempt()
  io.reporter.say(`watching ${file}; Ctrl-C ends`)
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((end, fail) => {
    const watcher = watch(dirname(resolve(file)), (_, name) => {
      if (!name?.endsWith('.wsban')) return
      // Editors write a file in several steps.
      clearTimeout(timer)
      timer = setTimeout(() => attempt().catch(fail), 100)
    })
    process.once('SIGINT', () => {
      watcher.close()
      end()
    })
  })
  return 130
}
