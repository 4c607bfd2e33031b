import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'

// Runs in a worker thread: hashes whole files beside training, and posts all hashes in one message.

parentPort?.postMessage(z.array(z.string()).parse(workerData).map(hashOf))

/** Empty for a file that cannot be read: who decodes it reports that. */
function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
  } catch {
    return ''
  }
}
