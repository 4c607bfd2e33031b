import { availableParallelism, totalmem } from 'node:os'
import { Failure, reasonOf } from '../failure.js'
import { decodeImage } from '../images/decode.js'
import type { Picture } from '../images/picture.js'
import type { Reporter } from '../reporter.js'

export interface PictureSourceOptions {
  readonly reporter: Reporter
  /** Most bytes of decoded pictures to keep; 1 GiB or a quarter of the memory without, whichever is less. 0 keeps none. */
  readonly cacheBytes?: number
}

/**
 * Decodes pictures, a few at a time, and keeps as many as fit. Make one for a run and pass it to every epoch's batches.
 *
 * What is kept is the decoded picture as it is, so a cache changes how long a batch takes and nothing else. Nothing is thrown out:
 * an epoch visits each picture once in a new order, where "the first that fitted" is hit as often as whatever else could be kept.
 */
export class PictureSource {
  private readonly reporter: Reporter
  private readonly cacheBytes: number
  private readonly kept = new Map<string, Picture>()
  private readonly unreadable = new Set<string>()
  private keptBytes = 0
  private free = Math.max(2, availableParallelism())
  private readonly waiting: (() => void)[] = []

  constructor({ reporter, cacheBytes = Math.min(2 ** 30, totalmem() / 4) }: PictureSourceOptions) {
    this.reporter = reporter
    this.cacheBytes = cacheBytes
  }

  /** The picture, or undefined if it cannot be read, which is told by name the first time. */
  async get(path: string): Promise<Picture | undefined> {
    const known = this.kept.get(path)
    if (known) return known
    if (this.unreadable.has(path)) return undefined
    await this.enter()
    try {
      const picture = await decodeImage(path)
      if (!this.kept.has(path) && this.keptBytes + picture.data.length <= this.cacheBytes) {
        this.kept.set(path, picture)
        this.keptBytes += picture.data.length
      }
      return picture
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (!this.unreadable.has(path)) this.reporter.warn(`left out: ${reasonOf(error)}`)
      this.unreadable.add(path)
      return undefined
    } finally {
      this.leave()
    }
  }

  private async enter(): Promise<void> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private leave(): void {
    const next = this.waiting.shift()
    if (next) next()
    else this.free++
  }
}
