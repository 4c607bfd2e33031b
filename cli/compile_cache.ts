import { mkdirSync } from 'node:fs'
import nodeModule from 'node:module'
import { join } from 'node:path'
import { cacheRoot } from '../runtime/cache_root.js'
import { distrust } from '../runtime/trusted.js'

/**
 * Caches the program's compiled code in wsban's cache folder, so that the next command starts faster. Does nothing before Node 22.1, if the folder
 * cannot be created, or if another user could write to it.
 */
export function enableCompileCache(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache')
  if (typeof enable !== 'function') return
  try {
    const folder = join(cacheRoot(), 'code')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (distrust(folder) === undefined) enable(folder)
  } catch {
    // If the cache cannot be used, the command works without it, and reports a bad folder only where it needs one.
  }
}
