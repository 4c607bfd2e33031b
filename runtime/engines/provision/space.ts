import { statfs } from 'node:fs/promises'
import { Failure } from '../../failure.js'
import { makePrivateFolder } from '../../trusted.js'
import { megabytes } from './progress.js'

/** Creates a folder in the cache. @throws Failure `cannot-write`, `cache-untrusted` */
export async function makeCacheFolder(folder: string): Promise<void> {
  await makePrivateFolder(folder).catch((error: unknown) => {
    if (error instanceof Failure) throw error
    throw new Failure(
      {
        code: 'cannot-write',
        message: `cannot make the cache folder ${folder}`,
        help: 'name another one with WSBAN_CACHE=...',
        path: folder,
      },
      { cause: error },
    )
  })
}

/**
 * Checks that the file system of a folder has enough free space.
 *
 * @param activity the beginning of the message, such as `setting up the engine`
 * @throws Failure `disk-full`
 */
export async function requireSpace(folder: string, bytes: number, activity: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes) return
  throw new Failure({
    code: 'disk-full',
    message: `${activity} needs ${megabytes(bytes)} temporarily, and ${folder} has ${megabytes(free)} left`,
    help: 'free some space, or name a folder on another disk with WSBAN_CACHE=...',
    path: folder,
  })
}
