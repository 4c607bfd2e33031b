import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import * as z from 'zod'
import { type ImageFile, readImageFile } from '../images/image_file.js'

// Runs in a worker thread: hashes image files during training, and posts all hashes in one message.

const imageFiles = z.array(
  z.union([z.string(), z.object({ file: z.string(), offset: z.number(), length: z.number() })]),
)

const hashes: string[] = []
for (const file of imageFiles.parse(workerData)) hashes.push(await hashOf(file))
parentPort?.postMessage(hashes)

/** Empty for an image that cannot be read: the code that decodes it reports that. */
async function hashOf(file: ImageFile): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readImageFile(file))
      .digest('hex')
      .slice(0, 16)
  } catch {
    return ''
  }
}
