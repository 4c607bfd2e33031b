import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { KernelBackend } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { moduleUrl } from '../module_url.js'
import type { NativePackage } from './native_package.js'
import { isNativeBackend, type NativeBackend, nativeBackendName } from './native_parts.js'
import { tfjsVersion } from './versions.js'

type BackendConstructor = new (binding: unknown, packageName: string) => KernelBackend

let loaded: NativePackage | undefined

/** Returns the native package that this process has loaded. A process can load only one, as their libraries have the same names. */
export function loadedNative(): NativePackage | undefined {
  return loaded
}

/**
 * Loads a native package's backend and kernels, makes it the current backend and returns it. The package's index would load a second copy of all of
 * TensorFlow.js (layers, WebGL, converters: most of a second), so only the backend is loaded, with our copy of the core.
 */
export function loadNative(native: NativePackage): NativeBackend {
  // TensorFlow reads this when its library is loaded. By default it logs unused instruction sets and missing GPUs.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
  // Off by default on processors without AVX-512 VNNI, where it makes batch norm and matrix multiplications faster as well.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  restoreNodeUtil()
  const createBackend = withOurCore(native, () => {
    const load = createRequire(join(native.folder, 'package.json'))
    load('./dist/register_all_kernels.js')
    const parts: { NodeJSKernelBackend: BackendConstructor } = load('./dist/nodejs_kernel_backend.js')
    const binding: unknown = load(native.addon)
    return () => new parts.NodeJSKernelBackend(binding, `@tensorflow/${native.name}`)
  })
  tf.registerBackend(nativeBackendName, createBackend, 3)
  tf.setBackend(nativeBackendName)
  const backend: unknown = tf.backend()
  if (!isNativeBackend(backend)) throw new Error(`${native.folder} does not contain the expected backend`)
  loaded = native
  return backend
}

/** Runs `load` while the package's imports of TensorFlow.js resolve to our copy of the core, if both have the same version. */
function withOurCore<T>(native: NativePackage, load: () => T): T {
  if (native.version !== tfjsVersion) return load()
  const own = createRequire(moduleUrl)
  own('@tensorflow/tfjs-core')
  const ourCore = own.cache[own.resolve('@tensorflow/tfjs-core')]
  const theirs = createRequire(join(native.folder, 'package.json'))
  const changed: string[] = []
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    const file = resolved(theirs, name)
    if (file === undefined || ourCore === undefined || theirs.cache[file] !== undefined) continue
    theirs.cache[file] = ourCore
    changed.push(file)
  }
  try {
    return load()
  } finally {
    for (const file of changed) delete theirs.cache[file]
  }
}

function resolved(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name)
  } catch {
    return undefined
  }
}

/** Restores two functions of Node's util module that the native package calls: Node 23 removed them, and Node 22 prints a warning for them. */
function restoreNodeUtil(): void {
  const util: Record<string, unknown> = createRequire(moduleUrl)('node:util')
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}
