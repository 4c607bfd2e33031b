import { mkdirSync } from 'node:fs'
import nodeModule from 'node:module'
import { join } from 'node:path'
import { cacheRoot } from '../runtime/cache_root.js'
import { distrust } from '../runtime/trusted.js'

/**
 * Keeps the program's compiled code in wsban's cache folder, so that the next command starts sooner. Does nothing before Node 22.1, which
 * cannot, nor where the folder cannot be made, or where another user could have put code into it.
 */
export function enableCompileCache(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache')
  if (typeof enable !== 'function') return
  try {
    const folder = join(cacheRoot(), 'code')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (distrust(folder) === undefined) enable(folder)
  } catch {
    // Whatever keeps the cache from being used, the command does the same without it, and reports a bad folder where it needs one.
  }
}
