import { availableParallelism } from 'node:os'
import * as tf from '@tensorflow/tfjs-core'
import { Failure, reasonOf } from '../failure.js'
import type { Reporter } from '../reporter.js'
import { type Engine, type EngineName, engineNames, type NativeName, setupCommand } from './engine.js'
import { loadedNative, loadNative } from './native.js'
import { installedPackage, provisionedPackage } from './native_package.js'
import { isNativeBackend, nativeBackendName } from './native_parts.js'
import { probe } from './probe.js'
import { hasNvidiaDriver } from './provision/cuda.js'

/**
 * Loads the requested engine, or the fastest available one, and makes it current. Without a request and a native engine, it falls back to
 * WebAssembly and warns how to get the native engine.
 *
 * @throws Failure if the requested engine is unknown or unavailable
 */
export async function openEngine(requested: EngineName | undefined, reporter: Reporter): Promise<Engine> {
  await import('./gradients.js')
  switch (requested) {
    case undefined:
      return openBest(reporter)
    case 'wasm':
      return openWasmEngine()
    case 'cpu':
      return openCpuEngine()
    case 'tfjs-node':
    case 'tfjs-node-gpu': {
      const opened = await tryNative(requested)
      if (opened.engine) return opened.engine
      throw new Failure({
        code: 'engine-missing',
        message: `the engine ${requested} is not available: ${opened.reason}`,
        help: `install it with ${setupCommand(requested)}`,
        exit: 1,
      })
    }
    default:
      throw new Failure({
        code: 'engine-unknown',
        message: `there is no engine ${JSON.stringify(requested)}`,
        help: `engines: ${engineNames.join(', ')}`,
        exit: 2,
      })
  }
}

async function openBest(reporter: Reporter): Promise<Engine> {
  // Without a GPU both engines compute on the CPU, and the one without GPU support is a third of the size.
  const order: readonly NativeName[] = hasNvidiaDriver()
    ? ['tfjs-node-gpu', 'tfjs-node']
    : ['tfjs-node', 'tfjs-node-gpu']
  const reasons: string[] = []
  for (const name of order) {
    const opened = await tryNative(name)
    if (opened.engine) return opened.engine
    if (opened.found) reasons.push(`${name}: ${opened.reason}`)
  }
  const engine = await openWasmEngine()
  const why = reasons.length === 0 ? 'the native engine is not installed' : reasons.join('; ')
  reporter.warn(
    `computing with WebAssembly, 5 to 15 times slower than natively (${why}); ${setupCommand('tfjs-node')} makes it fast`,
  )
  return engine
}

type Opened =
  | { readonly engine: Engine }
  | { readonly engine?: never; readonly found: boolean; readonly reason: string }

async function tryNative(name: NativeName): Promise<Opened> {
  const loaded = loadedNative()
  if (loaded !== undefined) {
    if (loaded.name !== name)
      return { found: true, reason: `this process already computes with ${loaded.name}, and it cannot hold both` }
    tf.setBackend(nativeBackendName)
    return { engine: describe(name) }
  }
  const reasons: string[] = []
  const provisioned = await provisionedPackage(name)
  if (provisioned?.reason !== undefined) reasons.push(provisioned.reason)
  for (const native of [provisioned?.native, installedPackage(name)].filter((found) => found !== undefined)) {
    if (!native.provisioned) {
      const probed = await probe(native)
      if (!probed.works) {
        reasons.push(`the one in ${native.folder} does not work: ${probed.reason}`)
        continue
      }
    }
    try {
      loadNative(native)
      return { engine: describe(name) }
    } catch (error) {
      reasons.push(`the one in ${native.folder} does not load: ${reasonOf(error)}`)
    }
  }
  return reasons.length === 0
    ? { found: false, reason: 'it was not set up' }
    : { found: true, reason: reasons.join('; ') }
}

function describe(name: NativeName): Engine {
  const backend: unknown = tf.backend()
  if (!isNativeBackend(backend)) throw new Error('the current backend is not the native one')
  const version = backend.binding.TF_Version
  const gpu = backend.isUsingGpuDevice
  const cpu = `on the CPU, ${threads()}`
  const where = gpu ? 'on the GPU' : name === 'tfjs-node-gpu' ? `${cpu} (no GPU found)` : cpu
  return { name, version, description: `TensorFlow ${version} ${where}`, native: true, gpu }
}

function threads(): string {
  const count = availableParallelism()
  return count === 1 ? '1 thread' : `${count} threads`
}

async function openWasmEngine(): Promise<Engine> {
  const version = await (await import('./wasm.js')).openWasm()
  return {
    name: 'wasm',
    version,
    description: `WebAssembly (TensorFlow.js ${version}), 1 thread`,
    native: false,
    gpu: false,
  }
}

async function openCpuEngine(): Promise<Engine> {
  const version = await (await import('./cpu.js')).openCpu()
  return {
    name: 'cpu',
    version,
    description: `plain JavaScript (TensorFlow.js ${version}), 1 thread, for tests`,
    native: false,
    gpu: false,
  }
}
