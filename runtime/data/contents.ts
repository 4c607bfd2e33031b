import * as z from 'zod'
import { reasonOf } from '../failure.js'
import type { ImageFile } from '../images/image_file.js'
import { startThread } from '../thread.js'

export interface Hashing {
  /** The digest of each file's content, in order; empty for an unreadable file. Undefined if hashing was stopped. */
  readonly digests: Promise<readonly string[] | undefined>
  stop(): Promise<void>
}

/** Hashes files in a separate thread, which keeps the process alive until it finishes or is stopped. */
export function hashContents(files: readonly ImageFile[]): Hashing {
  const worker = startThread('data/contents_worker', files)
  const digests = new Promise<readonly string[] | undefined>((resolve, reject) => {
    worker.on('message', (message: unknown) => resolve(z.array(z.string()).parse(message)))
    worker.on('error', (error) => reject(new Error(reasonOf(error), { cause: error })))
    worker.on('exit', () => resolve(undefined))
  })
  return {
    digests,
    async stop() {
      await worker.terminate()
    },
  }
}
