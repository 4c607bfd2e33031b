import { readReady } from './cache.js'
import { type EngineFinding, type EngineName, engineNames, type NativeName, setupCommand } from './engine.js'
import { installedPackage, provisionedPackage } from './native_package.js'
import { hasNvidiaDriver } from './provision/cuda.js'
import { tfjsVersion } from './versions.js'

/** Describes every engine, installed or not, without loading any. */
export function findEngines(): Promise<readonly EngineFinding[]> {
  return Promise.all(engineNames.map((name) => find(name)))
}

async function find(name: EngineName): Promise<EngineFinding> {
  switch (name) {
    case 'tfjs-node':
    case 'tfjs-node-gpu':
      return findNative(name)
    case 'wasm':
      return { name, available: true, version: tfjsVersion, reason: 'one thread; 5 to 15 times slower than natively' }
    case 'cpu':
      return { name, available: true, version: tfjsVersion, reason: 'plain JavaScript, for tests' }
  }
}

async function findNative(name: NativeName): Promise<EngineFinding> {
  const gpuLimit =
    name === 'tfjs-node-gpu' && !hasNvidiaDriver() ? { reason: 'no NVIDIA driver found: it would run on the CPU' } : {}
  const provisioned = await provisionedPackage(name)
  const ready = await readReady(name)
  if (provisioned?.native !== undefined && ready !== undefined) {
    return { name, available: true, version: ready.tensorflow, place: provisioned.native.folder, ...gpuLimit }
  }
  const installed = installedPackage(name)
  if (installed !== undefined) {
    return {
      name,
      available: true,
      version: installed.version,
      place: installed.folder,
      reason: 'installed by npm, tried when it is opened',
      ...gpuLimit,
    }
  }
  const why = provisioned?.reason === undefined ? '' : `${provisioned.reason}; `
  return { name, available: false, reason: `${why}install it with ${setupCommand(name)}` }
}
