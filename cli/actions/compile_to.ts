import { watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type Target, writeTarget } from '../../runtime/export/target.js'
import { Failure } from '../../runtime/failure.js'
import { SpecRejected } from '../action.js'
import type { Io } from '../io.js'
import { readySpec } from './spec.js'

export interface CompileRequest {
  readonly target: Target
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
