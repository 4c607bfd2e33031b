import { Random } from '../../compiler/random.js'
import type { FilePart } from '../images/image_file.js'
import { applySteps, type ImageStep } from '../images/preprocess.js'
import type { FloatImage, RgbImage } from '../images/rgb_image.js'
import { type ReadyStep, readySteps } from '../images/steps.js'

/** One image to decode and preprocess. The result depends only on the job and the file. */
export interface Job {
  readonly path: string
  /** Where its bytes are, if it is no file of its own. */
  readonly part?: FilePart
  readonly steps: readonly ImageStep[]
  /** The key of the random numbers of its steps. */
  readonly key: number
  /** Height and width the steps end with. */
  readonly size: number
  /** Further augmentations of the same image. */
  readonly views?: readonly ViewJob[]
}

export interface ViewJob {
  readonly steps: readonly ImageStep[]
  /** The key of the random numbers of its steps. */
  readonly key: number
  /** Height and width the steps end with. */
  readonly size: number
}

export interface Prepared {
  readonly image: FloatImage
  /** In the order of the job. */
  readonly views: readonly FloatImage[]
  /** The size and orientation of the decoded image. */
  readonly decoded: Omit<RgbImage, 'data'>
}

/**
 * How many times the final size the shorter side of an image has to be for augmentation: a crop of a sixteenth of the area then still has as many
 * pixels as come out. Larger images are reduced to it. In evaluation, where no step is random, images are decoded in full.
 */
const ENOUGH = 4

/** Decodes the image of a job; `enough` as of `decodeImage`. @throws Failure `image-unreadable` */
export type Decode = (image: Pick<Job, 'path' | 'part'>, enough?: number) => Promise<RgbImage>

/**
 * Decodes images and applies steps, and caches as many as fit: decoded, or preprocessed if no step is random and that takes less memory.
 *
 * Cached images equal those that would be computed again, so the cache affects speed only. Nothing is evicted: each epoch visits every image once in
 * a new order, so no eviction policy gives more hits.
 */
export class Preparer {
  private readonly kept = new Map<string, Prepared | RgbImage>()
  private readonly ready = new Map<string, readonly ReadyStep[]>()
  private keptBytes = 0
  private readonly waiting: (() => void)[] = []

  /**
   * @param cacheBytes most bytes of images to keep
   * @param free how many images may be in flight at once, which limits memory
   */
  constructor(
    private readonly decode: Decode,
    private readonly cacheBytes: number,
    private free: number,
  ) {}

  /** @throws Failure when the image cannot be read or does not fit the steps */
  async prepare(job: Job): Promise<Prepared> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await this.make(job)
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.free++
    }
  }

  private async make({ path, part, steps, key, size: ownSize, views = [] }: Job): Promise<Prepared> {
    const ready = this.stepsOf(steps)
    // Several views are computed from one decoded image.
    const random = views.length > 0 || ready.some((step) => step.random)
    const size = Math.max(ownSize, ...views.map((view) => view.size))
    const name = JSON.stringify(random ? [path, size] : [path, steps])
    const known = this.kept.get(name)
    // Who gets it may do with it what they like, so it is a copy.
    if (known && 'decoded' in known) return copyOf(known)
    const { data, ...decoded } =
      known ?? (await this.decode({ path, ...(part && { part }) }, random ? ENOUGH * size : undefined))
    const version = (made: readonly ReadyStep[], seed: number) =>
      applySteps({ ...decoded, data }, made, new Random(seed))
    const prepared = {
      image: version(ready, key),
      views: views.map((view) => version(this.stepsOf(view.steps), view.key)),
      decoded,
    }
    if (!known)
      this.keep(name, !random && prepared.image.data.byteLength < data.length ? copyOf(prepared) : { ...decoded, data })
    return prepared
  }

  private keep(name: string, what: Prepared | RgbImage): void {
    const bytes = 'decoded' in what ? what.image.data.byteLength : what.data.length
    if (this.kept.has(name) || this.keptBytes + bytes > this.cacheBytes) return
    this.kept.set(name, what)
    this.keptBytes += bytes
  }

  private stepsOf(steps: readonly ImageStep[]): readonly ReadyStep[] {
    const key = JSON.stringify(steps)
    const found = this.ready.get(key) ?? readySteps(steps)
    this.ready.set(key, found)
    return found
  }
}

function copyOf({ image, views, decoded }: Prepared): Prepared {
  return { image: { ...image, data: image.data.slice() }, views, decoded }
}
