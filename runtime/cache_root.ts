import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder for downloads and builds, all of which can be made again: `WSBAN_CACHE`, or the system's cache folder. */
export function cacheRoot(): string {
  const own = process.env.WSBAN_CACHE
  if (own) return resolve(own)
  const shared = process.env.XDG_CACHE_HOME
  if (shared) return resolve(shared, 'wsban')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'wsban')
  if (process.platform === 'win32')
    return join(process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'wsban', 'cache')
  return join(homedir(), '.cache', 'wsban')
}
