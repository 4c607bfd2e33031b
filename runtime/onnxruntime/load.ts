import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as OnnxRuntime from 'onnxruntime-node'
import { Failure, reasonOf } from '../failure.js'
import { moduleUrl } from '../module_url.js'
import { type Reporter, silent } from '../reporter.js'
import { placeOfOnnxRuntime, setupOnnxRuntime } from './install.js'

export type { OnnxRuntime }

let loading: Promise<typeof OnnxRuntime> | undefined

/**
 * ONNX Runtime: the one installed where wsban is, or else one in the user's cache, which is fetched when it is first needed. It is no ordinary
 * dependency of the package, for its install script would fetch CUDA's files for everyone and fail behind many networks.
 *
 * @throws Failure what `setupOnnxRuntime` throws, or `onnxruntime-broken` when it is there and does not load
 */
export function loadOnnxRuntime(reporter: Reporter = silent): Promise<typeof OnnxRuntime> {
  loading ??= installed(reporter).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

/** Whether it is here already. */
export function hasOnnxRuntime(): boolean {
  return besideUs() !== undefined || existsSync(placeOfOnnxRuntime())
}

/** The one that was installed with wsban or by the project that uses it. */
function besideUs(): string | undefined {
  try {
    return createRequire(moduleUrl).resolve('onnxruntime-node')
  } catch {
    return undefined
  }
}

/**
 * From 1.29 on, ONNX Runtime's own Linux binaries send reports to Microsoft unless this variable is set: names and hashes of models, and what
 * the machine is. That code also matches the whole command line with a recursive regular expression, so that a command with some 20 KB of
 * arguments ends in a segmentation fault. Whoever wants the reports sets the variable.
 */
function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
}

async function installed(reporter: Reporter): Promise<typeof OnnxRuntime> {
  disableTelemetry()
  const beside = await importBesideUs()
  if (beside) return beside
  const entry = createRequire(join(await setupOnnxRuntime(reporter), '/')).resolve('onnxruntime-node')
  return import(pathToFileURL(entry).href).catch((error: unknown) => {
    throw broken(entry, error)
  })
}

/**
 * The one that was installed with wsban or by the project that uses it; undefined if there is none. The name is written out, so that bundlers
 * and packers see that it is needed.
 */
async function importBesideUs(): Promise<typeof OnnxRuntime | undefined> {
  try {
    return await import('onnxruntime-node')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw broken(besideUs() ?? 'node_modules', error)
  }
}

/** Whether there is no package onnxruntime-node, rather than one of which a part is missing. */
function isAbsent(error: unknown): boolean {
  return error instanceof Error && /^Cannot find (?:package|module) 'onnxruntime-node'/.test(error.message)
}

function broken(entry: string, cause: unknown): Failure {
  return new Failure(
    {
      code: 'onnxruntime-broken',
      message: `ONNX Runtime does not load from ${entry}: ${reasonOf(cause).split('\n')[0]}`,
      help: 'remove that folder, and run the command again',
      path: entry,
    },
    { cause },
  )
}
