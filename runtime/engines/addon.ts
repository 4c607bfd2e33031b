import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package_root.js'

/** The folder of the addon's C++ sources. `wsban setup` compiles them against Node's and TensorFlow's C interfaces. */
export function addonFolder(): string {
  return join(packageRoot(), 'runtime', 'engines', 'addon')
}

/** The names of the addon's source files, sorted. */
export function addonSources(): readonly string[] {
  return readdirSync(addonFolder())
    .filter((name) => name.endsWith('.cc'))
    .sort()
}

/** The Node-API version that the addon is compiled for. Node has it since 12.22. */
export const napiVersion = 8

/** The compiler's flags, without the paths of headers and libraries. */
export const addonFlags: readonly string[] = [
  ...['-std=c++17', '-O3', '-shared', '-fPIC', `-DNAPI_VERSION=${napiVersion}`],
  // Without fused multiply-add, every processor rounds after each operation and computes the same bits.
  '-ffp-contract=off',
  // C++ exceptions become JavaScript exceptions.
  '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL',
]

let cachedHash: string | undefined

/** A hash of the addon's sources and flags, part of the name of the engine's folder. */
export function addonHash(): string {
  if (cachedHash !== undefined) return cachedHash
  const hash = createHash('sha256').update(addonFlags.join(' '))
  for (const name of readdirSync(addonFolder()).sort())
    hash.update(`${name}\n`).update(readFileSync(join(addonFolder(), name)))
  cachedHash = hash.digest('hex').slice(0, 8)
  return cachedHash
}
