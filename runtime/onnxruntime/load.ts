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
 * Loads ONNX Runtime: the one installed beside wsban, or one in the user's cache, which is downloaded when first needed. It is not an ordinary
 * dependency, because its install script would download CUDA files for everyone and fail in many networks.
 *
 * @throws Failure what `setupOnnxRuntime` throws, or `onnxruntime-broken` if it is installed but does not load
 */
export function loadOnnxRuntime(reporter: Reporter = silent): Promise<typeof OnnxRuntime> {
  loading ??= installed(reporter).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

/** Whether it is installed. */
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
 * Since 1.29, ONNX Runtime's Linux binaries send telemetry to Microsoft unless this variable is set: names and hashes of models, and the kind of
 * machine. That code also matches the whole command line with a recursive regular expression, so that a command with about 20 KB of arguments crashes
 * with a segmentation fault. To send telemetry, set the variable explicitly.
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
 * The one that was installed with wsban or by the project that uses it; undefined if there is none. The name is a literal, so that bundlers detect
 * the dependency.
 */
async function importBesideUs(): Promise<typeof OnnxRuntime | undefined> {
  try {
    return await import('onnxruntime-node')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw broken(besideUs() ?? 'node_modules', error)
  }
}

/** Whether the package onnxruntime-node is absent, rather than incomplete. */
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
