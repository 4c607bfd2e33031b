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

let known: string | undefined

/** Of all its sources: an engine with another addon is another engine. */
export function addonHash(): string {
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for (const name of readdirSync(addonFolder()).sort())
    hash.update(`${name}\n`).update(readFileSync(join(addonFolder(), name)))
  known = hash.digest('hex').slice(0, 8)
  return known
}
