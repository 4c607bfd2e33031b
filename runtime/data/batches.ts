import type { ClassSampler, Setting } from '../../compiler/graph/graph.js'
import { keyOf, Random } from '../../compiler/random.js'
import { present } from '../../grammar/present.js'
import { evaluationSteps, type ImageStep } from '../images/preprocess.js'
import { readySteps } from '../images/steps.js'
import type { ModelView } from '../model.js'
import type { Sample } from './dataset.js'
import { type Draw, epochOrder } from './epoch_order.js'
import type { FeatureSource, KeptImage } from './feature_source.js'
import { type Annotations, annotationsOn } from './ground_truth.js'
import { type Mixed, mixBatch } from './mixing.js'
import { lengthOf, OpenBatch, type Ready } from './open_batch.js'
import type { Job } from './prepare.js'
import type { PreparedImages } from './prepared_images.js'
import { tooManyUnreadable } from './unreadable.js'

/** Preprocessed images with their targets. B is the size of this batch: the last one of an evaluation may be smaller. */
export interface Batch {
  /** [B, size, size, 3]; when cached features replace images, only the images without features, in order */
  readonly images: Float32Array
  /** Further augmentations of the images, [B, size, size, 3], in the order of the model's view inputs; sizes may differ. */
  readonly views?: readonly Float32Array[]
  /** [B] class indices */
  readonly labels: Int32Array
  /** Of several label inputs, by name: [B] class indices, or [B, size] numbers. */
  readonly targets?: Readonly<Record<string, Float32Array>>
  /** [B] indices into the samples the batches were made from */
  readonly indices: Int32Array
  /** The annotations of each image for which the data set has some, as fractions of the decoded image. */
  readonly annotations: readonly (Annotations | undefined)[]
  /** How many samples of the epoch's order it ends after, unreadable ones included: the next batch begins there. */
  readonly position: number
  /** The images and labels mixed in, if the batch is mixed. */
  readonly mixed?: Mixed
  /** The cached features of each image, if features are cached. */
  readonly kept?: readonly KeptImage[]
}

/** Returns the batch for a model that reads cached features only. */
export function withoutImages(batch: Batch): Batch {
  const none = new Float32Array()
  return { ...batch, images: none, ...(batch.views && { views: batch.views.map(() => none) }) }
}

export interface BatchOptions {
  /** Height and width after the image steps. */
  readonly size: number
  readonly steps: readonly ImageStep[]
  /** Images a batch. */
  readonly batch: number
  /** The source of images. Use one for all epochs, so that decoded images are cached across epochs. */
  readonly images: PreparedImages
  /** Cached features, which replace images. */
  readonly features?: FeatureSource
}

export interface TrainBatchOptions extends BatchOptions {
  readonly seed: number
  /** Determines the order and the augmentation, whether counted from 0 or from 1. */
  readonly epoch: number
  /** The position in the epoch's order to start from: the `position` of the last batch before a stop within the epoch. */
  readonly from?: number
  /** How batches are sampled; `batch` is then the number of classes times the number of images of each. */
  readonly sampler?: ClassSampler
  /** Mixing settings (mixup, CutMix), of which each batch gets one at random. */
  readonly mix?: readonly Setting[]
  /** Further augmentations of each image. */
  readonly views?: readonly ModelView[]
  /** The number of augmentations of each image, used in turn by the epochs; by default each epoch has a new one. */
  readonly augmentations?: number
}

/**
 * One epoch of training: the order depends on (seed, epoch), each image's augmentation on (seed, epoch, its index, the view), mixing on (seed, epoch,
 * the batch's place), so batch k is the same however fast the machine, how many threads prepare it, whatever the cache holds, and after a resume. An
 * incomplete last batch is dropped unless it is the only one. An unreadable image is reported once and skipped; with a sampler its batch is smaller,
 * so that the classes of later batches stay the same.
 *
 * @throws Failure `images-unreadable` when more are than the source of images allows; `image-size` when the steps do not end in size x size; what
 *   the steps throw
 */
export async function* trainBatches(
  samples: readonly Sample[],
  options: TrainBatchOptions,
): AsyncGenerator<Batch, void> {
  const { seed, epoch, batch, size, sampler, from = 0, mix = [], views = [], augmentations } = options
  for (const { steps } of [options, ...views]) readySteps(steps)
  const order = epochOrder(samples, options).slice(from)
  const key = ({ index, earlier }: Draw, ...view: string[]) =>
    augmentations === undefined
      ? keyOf(seed, 'augment', epoch, index, ...(earlier > 0 ? [earlier] : []), ...view)
      : keyOf(seed, 'augment', (epoch + earlier) % augmentations, index, ...view)
  let full = from > 0
  for await (const made of batchesOf(samples, order, { ...options, views, aligned: sampler !== undefined }, key)) {
    if (made.labels.length < batch && full && !sampler) return
    full = true
    const position = from + made.position
    const mixed = mix.length > 0 && mixBatch({ ...made, size }, mix, new Random(keyOf(seed, 'mix', epoch, position)))
    yield { ...made, position, ...(mixed && { mixed }) }
  }
}

/**
 * The samples in order, not augmented; the last batch may be smaller, and unreadable images are missing (see `indices`).
 *
 * @throws Failure as `trainBatches`, and `image-step-random`
 */
export async function* evalBatches(samples: readonly Sample[], options: BatchOptions): AsyncGenerator<Batch, void> {
  evaluationSteps(options.steps)
  const order = Array.from(samples.keys(), (index) => ({ index, earlier: 0 }))
  yield* batchesOf(samples, order, options, () => 0)
}

async function* batchesOf(
  samples: readonly Sample[],
  order: readonly Draw[],
  {
    size,
    steps,
    batch,
    aligned = false,
    images: source,
    views = [],
    features,
  }: BatchOptions & Pick<TrainBatchOptions, 'views'> & { readonly aligned?: boolean },
  key: (draw: Draw, ...view: string[]) => number,
): AsyncGenerator<Batch, void> {
  const layout = [{ size }, ...views]
  let open = new OpenBatch(layout, batch)
  let position = 0
  const take = (): Batch => {
    const { indices, annotations, kept } = open
    const [images, ...viewed] = open.images()
    const made: Batch = {
      images: present(images, 'the images of a batch'),
      ...(views.length > 0 && { views: viewed }),
      labels: Int32Array.from(indices, (index) => (samples[index] as Sample).label),
      ...targetsOf(indices.map((index) => samples[index] as Sample)),
      indices: Int32Array.from(indices),
      annotations,
      position,
      ...(features && { kept }),
    }
    open = new OpenBatch(layout, batch)
    return made
  }

  const unreadable = new Set<number>()
  const ahead = aheadOf(
    batch,
    layout.reduce((sum, one) => sum + lengthOf(one.size), 0),
  )
  const prepare = async ({ path, part }: Sample, draw: Draw): Promise<Ready | undefined> => {
    const job: Job = {
      path,
      ...(part && { part }),
      steps,
      key: key(draw),
      size,
      ...(views.length > 0 && {
        views: views.map((view) => ({ steps: view.steps, size: view.size, key: key(draw, view.name) })),
      }),
    }
    const found = features && (await features.find(job))
    if (features && found?.features && !features.needsImages) {
      const { image } = found.features
      return { decoded: image, kept: { ...found, job, image } }
    }
    const prepared = await source.prepare(job)
    if (!prepared) return undefined
    const { image, views: viewed, decoded } = prepared
    return { decoded, images: [image, ...viewed], ...(found && { kept: { ...found, job, image: decoded } }) }
  }
  // Aligned batches end at multiples of their size, even if some of their images are unreadable.
  const isFull = () => (aligned ? position % batch === 0 && open.indices.length > 0 : open.indices.length === batch)
  for await (const { index, ready } of inOrder(samples, order, ahead, prepare)) {
    position++
    if (!ready) {
      unreadable.add(index)
      if (unreadable.size > source.mostUnreadable * samples.length)
        throw tooManyUnreadable(unreadable.size, samples.length, source.mostUnreadable)
      if (aligned && isFull()) yield take()
      continue
    }
    open.add(index, annotationsOn(samples[index]?.truth, ready.decoded), ready)
    if (isFull()) yield take()
  }
  if (open.indices.length > 0) yield take()
}

/** Returns the targets of a batch, if the samples have some. */
function targetsOf(samples: readonly Sample[]): Pick<Batch, 'targets'> {
  const names = Object.keys(samples[0]?.targets ?? {})
  if (names.length === 0) return {}
  return {
    targets: Object.fromEntries(
      names.map((name) => [
        name,
        Float32Array.from(samples.flatMap(({ targets }) => present(targets?.[name], `the ${name} of an image`))),
      ]),
    ),
  }
}

/** Bytes of prepared images that may wait for their batch, beyond the next one. */
const MOST_AHEAD = 2 ** 28

/** How many images to have under way: a whole batch more than the one that is being filled, for a step that lets nothing else run. */
function aheadOf(batch: number, length: number): number {
  const fitting = Math.floor(MOST_AHEAD / (length * Float32Array.BYTES_PER_ELEMENT))
  return Math.max(batch, Math.min(2 * batch, fitting)) + 4
}

interface Ordered {
  readonly index: number
  readonly ready: Ready | undefined
}

/** Prepares images ahead of the reader, and hands them out in order. */
async function* inOrder(
  samples: readonly Sample[],
  order: readonly Draw[],
  ahead: number,
  prepare: (sample: Sample, draw: Draw) => Promise<Ready | undefined>,
): AsyncGenerator<Ordered, void> {
  const start = async (draw: Draw): Promise<Ordered> => {
    const { index } = draw
    const sample = samples[index]
    return { index, ready: sample && (await prepare(sample, draw)) }
  }
  const started: Promise<Ordered>[] = []
  let next = 0
  const fill = () => {
    for (; next < order.length && started.length < ahead; next++) {
      const prepared = start(order[next] as Draw)
      // A failure counts when its turn comes; until then it must not end the process as an unhandled one.
      prepared.catch(() => undefined)
      started.push(prepared)
    }
  }
  for (fill(); started.length > 0; ) {
    const prepared = await (started.shift() as Promise<Ordered>)
    fill()
    yield prepared
  }
}
