import type { ModelSettings } from '../../compiler/analysis/model.js'
import { type Target, writeTarget } from '../../runtime/export/target.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { SpecRejected } from '../action.js'
import type { Io } from '../io.js'
import { repeatOnChange } from '../watch.js'
import { readySpec } from './spec.js'

export interface CompileRequest {
  readonly target: Target
  readonly out: string
  readonly seed: number
  readonly set?: ModelSettings
}

/** Writes the target's files and prints their paths. */
export async function compileTo(file: string, request: CompileRequest, io: Io): Promise<string[]> {
  const spec = readySpec(file, request.set ?? {}, io)
  const paths = await writeTarget(spec, request)
  io.print(`wrote ${paths.join(', ')}`)
  return paths
}

/** Compiles again whenever the spec or what it imports changes, until it is interrupted. */
export function watchSpec(file: string, request: CompileRequest, io: Io): Promise<number> {
  const work = async () => {
    try {
      await compileTo(file, request, io)
    } catch (error) {
      if (!(error instanceof SpecRejected)) throw error
    }
    return [...compileFile(file, request.set).files.keys()]
  }
  return repeatOnChange([file], work, io)
}
