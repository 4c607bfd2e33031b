import { decodeImage } from '../images/decode.js'
import type { FloatPicture, Picture } from '../images/picture.js'
import { applySteps, type ImageStep } from '../images/preprocess.js'
import { type ReadyStep, readySteps } from '../images/steps.js'
import { Random } from '../random.js'

/** One picture to decode and to bring through image steps. What comes out depends on nothing but this and the file. */
export interface Job {
  readonly path: string
  readonly steps: readonly ImageStep[]
  /** The key of the random numbers its steps draw. */
  readonly key: number
}

export interface Prepared {
  readonly picture: FloatPicture
  /** The picture as it was decoded, without its values. */
  readonly decoded: Omit<Picture, 'data'>
}

/**
 * Decodes pictures and applies steps, and keeps as many decoded ones as fit.
 *
 * What is kept is the decoded picture as it is, so that a cache changes how long a batch takes and nothing else. Nothing is thrown out:
 * an epoch visits each picture once in a new order, where "the first that fitted" is hit as often as whatever else could be kept.
 */
export class Preparer {
  private readonly kept = new Map<string, Picture>()
  private readonly ready = new Map<string, readonly ReadyStep[]>()
  private keptBytes = 0
  private readonly waiting: (() => void)[] = []

  /**
   * @param cacheBytes most bytes of decoded pictures to keep
   * @param free how many pictures may be under way at once: large ones fill the memory
   */
  constructor(
    private readonly cacheBytes: number,
    private free: number,
  ) {}

  /** @throws Failure when the picture cannot be read or does not fit the steps */
  async prepare({ path, steps, key }: Job): Promise<Prepared> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      const { data, ...decoded } = await this.decode(path)
      return { picture: applySteps({ ...decoded, data }, this.stepsOf(steps), new Random(key)), decoded }
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }

  private async decode(path: string): Promise<Picture> {
    const known = this.kept.get(path)
    if (known) return known
    const picture = await decodeImage(path)
    if (!this.kept.has(path) && this.keptBytes + picture.data.length <= this.cacheBytes) {
      this.kept.set(path, picture)
      this.keptBytes += picture.data.length
    }
    return picture
  }

  private stepsOf(steps: readonly ImageStep[]): readonly ReadyStep[] {
    const key = JSON.stringify(steps)
    const found = this.ready.get(key) ?? readySteps(steps)
    this.ready.set(key, found)
    return found
  }
}
