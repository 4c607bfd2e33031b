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
  /** Most bytes of decoded images to keep; 1 GiB or a quarter of the memory without, whichever is less. 0 keeps none. */
  readonly cacheBytes?: number
  /** Threads that prepare images; 0 does it on the caller's. What comes out is the same however many. */
  readonly workers?: number
  /** The share of a split's images that may be unreadable; 5 % without. */
  readonly mostUnreadable?: number
}

/** As many threads as leave a core to the training, and no more than it can use. */
export function usualWorkers(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1))
}

/** Gives images ready for a model. Make one for a run, pass it to every epoch's batches, and close it: it keeps threads and decoded images. */
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
