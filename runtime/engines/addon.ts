import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package-root.js'

/** Where the C++ of our addon lies: what `wsban setup` compiles between Node and TensorFlow's C library. */
export function addonFolder(): string {
  return join(packageRoot(), 'runtime', 'engines', 'addon')
}

/** Its sources, by name, in order. */
export function addonSources(): readonly string[] {
  return readdirSync(addonFolder())
    .filter((name) => name.endsWith('.cc'))
    .sort()
}

/** The version of Node's stable C interface it is compiled for: every Node from 12.22 on has it. */
export const napiVersion = 8

/** How it is compiled; where headers and libraries lie comes with it. */
export const addonFlags: readonly string[] = [
  ...['-std=c++17', '-O3', '-shared', '-fPIC', `-DNAPI_VERSION=${napiVersion}`],
  // Every processor rounds after each operation, and so computes the same bits.
  '-ffp-contract=off',
  // C++ exceptions become JavaScript exceptions.
  '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL',
]

let known: string | undefined

/** Of its sources and how they are compiled: an engine with another addon is another engine. */
export function addonHash(): string {
  if (known !== undefined) return known
  const hash = createHash('sha256').update(addonFlags.join(' '))
  for (const name of readdirSync(addonFolder()).sort())
    hash.update(`${name}\n`).update(readFileSync(join(addonFolder(), name)))
  known = hash.digest('hex').slice(0, 8)
  return known
}
