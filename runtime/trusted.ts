import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { dirname, parse } from 'node:path'
import { cacheRoot } from './cache_root.js'
import { Failure } from './failure.js'
import { makeFolder } from './files.js'

/**
 * Why another user could have put code into a file or folder, or could still do so: one of the folders on the way to it, or a link there,
 * belongs to another user or can be written by others. Undefined where only this user and root can. Windows has no such modes; its
 * places for a user's files are the user's own.
 */
export function distrust(path: string): string | undefined {
  const user = process.getuid?.()
  if (user === undefined) return undefined
  // A link is as good as who made it, and what it leads to has to be good as well.
  for (const one of new Set([...upwards(path), ...upwards(realpathSync(path))])) {
    const reason = reasonAgainst(one, lstatSync(one), user)
    if (reason !== undefined) return reason
  }
  return undefined
}

function reasonAgainst(path: string, stats: Stats, user: number): string | undefined {
  if (stats.uid !== user && stats.uid !== 0) return `${path} belongs to another user (uid ${stats.uid})`
  if (stats.isSymbolicLink()) return undefined
  // In a folder such as /tmp every user makes files, and none can remove those of others.
  const sticky = stats.isDirectory() && (stats.mode & 0o1000) !== 0
  if ((stats.mode & 0o002) !== 0 && !sticky) return `${path} can be written by every user`
  // Many systems give each user a group of its own, and its folders to that group.
  const ownGroup = stats.gid === process.getgid?.() || stats.gid === 0
  if ((stats.mode & 0o020) !== 0 && !sticky && !(ownGroup && !isInCache(path)))
    return `${path} can be written by a group of users (gid ${stats.gid})`
  return undefined
}

/** Files that wsban created have no reason to be writable by a group. */
function isInCache(path: string): boolean {
  return path === cacheRoot() || path.startsWith(`${cacheRoot()}/`)
}

function upwards(path: string): string[] {
  const { root } = parse(path)
  const found = [path]
  for (let folder = path; folder !== root; ) {
    folder = dirname(folder)
    found.push(folder)
  }
  return found
}

/** @throws Failure `cache-untrusted` where others could have written what is about to run */
export function requireTrusted(path: string): void {
  const reason = distrust(path)
  if (reason === undefined) return
  throw new Failure({
    code: 'cache-untrusted',
    message: `refusing to run code from ${path}: ${reason}`,
    help: 'remove it, or make it writable only by you (chmod go-w), or name a folder of your own with WSBAN_CACHE=...',
    path,
  })
}

/** Makes a folder of the cache that only this user enters, and those above it that are missing. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700)
  requireTrusted(path)
}
