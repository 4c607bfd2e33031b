import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder for what can be fetched again, as runtime/engines/cache.ts has it: that one is not built yet where this is asked. */
export function cacheRoot() {
  const { WSBAN_CACHE: own, XDG_CACHE_HOME: shared, LOCALAPPDATA: local } = process.env
  if (own) return resolve(own)
  if (shared) return resolve(shared, 'wsban')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'wsban')
  if (process.platform === 'win32') return join(local ?? join(homedir(), 'AppData', 'Local'), 'wsban', 'cache')
  return join(homedir(), '.cache', 'wsban')
}
