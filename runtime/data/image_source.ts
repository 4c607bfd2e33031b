import { availableParallelism, totalmem } from 'node:os'
import { Failure, reasonOf } from '../failure.js'
import type { Reporter } from '../reporter.js'
import { type Job, type Prepared, Preparer } from './prepare.js'
import type { PreparedImages } from './prepared_images.js'
import { decodeSample } from './sample_image.js'
import { TOLERATED } from './unreadable.js'
import { WorkerPool } from './worker_pool.js'

export interface ImageSourceOptions {
  readonly reporter: Reporter
  /** Most bytes of decoded images to keep; by default 1 GiB or a quarter of the memory, whichever is less. 0 disables the cache. */
  readonly cacheBytes?: number
  /** The number of threads that preprocess images; 0 uses the caller's thread. The images do not depend on it. */
  readonly workers?: number
  /** The share of a split's images that may be unreadable; 5 % by default. */
  readonly mostUnreadable?: number
}

/** The default number of threads: leaves one core to training, with an upper limit. */
export function usualWorkers(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1))
}

/**
 * Preprocesses images for a model. Create one per run, pass it to the batches of every epoch, and close it: it owns threads and a cache of decoded
 * images.
 */
export class ImageSource implements PreparedImages {
  readonly mostUnreadable: number
  private readonly reporter: Reporter
  private readonly from: { prepare(job: Job): Promise<Prepared>; close?(): Promise<void> }
  private readonly unreadable = new Set<string>()

  constructor({
    reporter,
    cacheBytes = Math.min(2 ** 30, totalmem() / 4),
    workers = 0,
    mostUnreadable = TOLERATED,
  }: ImageSourceOptions) {
    this.reporter = reporter
    this.mostUnreadable = mostUnreadable
    this.from =
      workers > 0
        ? new WorkerPool(workers, cacheBytes)
        : new Preparer(decodeSample, cacheBytes, Math.max(2, availableParallelism()))
  }

  /** Returns the image, or undefined if it cannot be read; reports it the first time. */
  async prepare(job: Job): Promise<Prepared | undefined> {
    if (this.unreadable.has(job.path)) return undefined
    try {
      return await this.from.prepare(job)
    } catch (error) {
      if (!(error instanceof Failure) || error.problem.code !== 'image-unreadable') throw error
      if (!this.unreadable.has(job.path)) this.reporter.warn(`left out: ${reasonOf(error)}`)
      this.unreadable.add(job.path)
      return undefined
    }
  }

  async close(): Promise<void> {
    await this.from.close?.()
  }
}
