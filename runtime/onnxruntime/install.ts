import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from '../cache_root.js'
import { npmInstall } from '../engines/provision/packages.js'
import { makeCacheFolder } from '../engines/provision/space.js'
import { withLock } from '../lock.js'
import type { Reporter } from '../reporter.js'
import { requireTrusted } from '../trusted.js'

/** The version that wsban is tested with. */
export const onnxRuntimeVersion = '1.30.0'

/** The folder that it is installed into. */
export function placeOfOnnxRuntime(): string {
  return join(cacheRoot(), 'onnxruntime', `${onnxRuntimeVersion}-${process.platform}-${process.arch}`)
}

/**
 * Installs ONNX Runtime into the per-user cache, without its install script. It is renamed into place when complete.
 *
 * @returns the folder whose node_modules contains it
 * @throws Failure `npm-missing`, `npm-failed`, `cache-untrusted`
 */
export async function setupOnnxRuntime(reporter: Reporter): Promise<string> {
  const place = placeOfOnnxRuntime()
  await makeCacheFolder(join(place, '..'))
  if (existsSync(place)) {
    requireTrusted(place)
    return place
  }
  const waiting = (holder: string) => reporter.say(`ONNX Runtime is being fetched (${holder}); waiting for it`)
  return withLock(`${place}.lock`, waiting, async () => {
    if (existsSync(place)) return place
    const began = performance.now()
    reporter.say('fetching ONNX Runtime, once for all projects of this user')
    const work = `${place}.work`
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    await npmInstall(work, { dependencies: { 'onnxruntime-node': onnxRuntimeVersion } }, 'onnxruntime-node')
    await removeOtherMachines(join(work, 'node_modules', 'onnxruntime-node', 'bin'))
    await rename(work, place)
    reporter.say(`ONNX Runtime ${onnxRuntimeVersion} is ready (${((performance.now() - began) / 1000).toFixed(0)} s)`)
    return place
  })
}

/** The package contains the libraries of every platform, such as bin/napi-v6/linux/x64: 290 MB, of which one machine needs a sixth. */
async function removeOtherMachines(bin: string): Promise<void> {
  for (const api of await readdir(bin)) {
    for (const system of await readdir(join(bin, api))) {
      for (const processor of await readdir(join(bin, api, system))) {
        if (system === process.platform && processor === process.arch) continue
        await rm(join(bin, api, system, processor), { recursive: true })
      }
    }
  }
}
