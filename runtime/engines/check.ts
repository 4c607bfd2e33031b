import type { EngineName } from './engine.js'
import { installedPackage, provisionedPackage } from './native_package.js'
import { type Probe, probe } from './probe.js'
import { tfjsVersion } from './versions.js'

/** Tries an engine, without loading a native one into this process. The other two are part of wsban, and their code is plain. */
export async function checkEngine(name: EngineName): Promise<Probe> {
  if (name === 'wasm' || name === 'cpu') return { works: true, tensorflow: tfjsVersion, gpu: false, modules: [] }
  const provisioned = await provisionedPackage(name)
  if (provisioned?.reason !== undefined) return { works: false, reason: provisioned.reason }
  const native = provisioned?.native ?? installedPackage(name)
  return native === undefined ? { works: false, reason: 'it is not here' } : probe(native)
}
