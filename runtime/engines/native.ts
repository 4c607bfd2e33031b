import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { KernelBackend } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import type { NativePackage } from './native_package.js'
import { isNativeBackend, mendUtil, type NativeBackend, nativeBackendName } from './native_parts.js'
import { tfjsVersion } from './versions.js'

type BackendMaker = new (binding: unknown, packageName: string) => KernelBackend

let loaded: NativePackage | undefined

/** The native package this process runs on. Two of them cannot share a process: their libraries have the same names. */
export function loadedNative(): NativePackage | undefined {
  return loaded
}

/**
 * Loads a native package's backend and kernels, and makes it current. Its index would load all of TensorFlow.js a second time
 * (layers, WebGL, converters: most of a second), so only the parts that compute are loaded, and they are given our copy of the core.
 */
export function loadNative(native: NativePackage): NativeBackend {
  // TensorFlow reads this when its library is loaded; it is chatty about instructions it could use and cards it did not find.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
  // Off by default on processors without AVX-512 VNNI, where it makes batch norm and matrix products faster all the same.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  mendUtil()
  const maker = withOurCore(native, () => {
    const load = createRequire(join(native.folder, 'package.json'))
    load('./dist/register_all_kernels.js')
    const parts: { NodeJSKernelBackend: BackendMaker } = load('./dist/nodejs_kernel_backend.js')
    const binding: unknown = load(native.addon)
    return () => new parts.NodeJSKernelBackend(binding, `@tensorflow/${native.name}`)
  })
  tf.registerBackend(nativeBackendName, maker, 3)
  tf.setBackend(nativeBackendName)
  const backend: unknown = tf.backend()
  if (!isNativeBackend(backend)) throw new Error(`${native.folder} does not hold the backend that was expected`)
  loaded = native
  return backend
}

/** While the package loads, what it knows as TensorFlow.js is our core (if it is of our release). Afterwards nothing is changed for others. */
function withOurCore<T>(native: NativePackage, load: () => T): T {
  if (native.version !== tfjsVersion) return load()
  const own = createRequire(import.meta.url)
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
