import { statfs } from 'node:fs/promises'
import { Failure } from '../../failure.js'
import { makePrivateFolder } from '../../trusted.js'
import { megabytes } from './progress.js'

/** Makes a folder of the cache. @throws Failure `cannot-write`, `cache-untrusted` */
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
 * @param what it is for, as a sentence begins: `setting up the engine`
 * @throws Failure `disk-full`
 */
export async function needSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes) return
  throw new Failure({
    code: 'disk-full',
    message: `${what} needs ${megabytes(bytes)} temporarily, and ${folder} has ${megabytes(free)} left`,
    help: 'free some space, or name a folder on another disk with WSBAN_CACHE=...',
    path: folder,
  })
}
