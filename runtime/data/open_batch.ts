import { elementAt } from '../../grammar/present.js'
import { Failure } from '../failure.js'
import type { FloatImage } from '../images/rgb_image.js'
import type { KeptImage } from './feature_source.js'
import type { Annotations } from './ground_truth.js'
import type { Prepared } from './prepare.js'

/** A preprocessed image that has not been added to a batch. */
export interface Ready {
  readonly decoded: Prepared['decoded']
  /** The image and its views; absent if cached features replace them. */
  readonly images?: readonly FloatImage[]
  readonly kept?: KeptImage
}

/** The number of values of a square image. */
export function lengthOf(size: number): number {
  return size * size * 3
}

/** A batch that is being filled. */
export class OpenBatch {
  readonly indices: number[] = []
  readonly annotations: (Annotations | undefined)[] = []
  readonly kept: KeptImage[] = []
  /** Buffers for the images and each view, allocated with the first image. */
  private room: readonly Float32Array[] | undefined
  private count = 0

  /** @param layout the sizes of the image and its views */
  constructor(
    private readonly layout: readonly { readonly size: number }[],
    private readonly batch: number,
  ) {}

  /** @throws Failure `image-size` */
  add(index: number, annotations: Annotations | undefined, { images, kept }: Ready): void {
    this.indices.push(index)
    this.annotations.push(annotations)
    if (kept) this.kept.push(kept)
    if (!images) return
    this.room ??= this.layout.map(({ size }) => new Float32Array(this.batch * lengthOf(size)))
    for (const [number, { size }] of this.layout.entries()) {
      const image = elementAt(images, number)
      checkSize(image, size)
      elementAt(this.room, number).set(image.data, this.count * lengthOf(size))
    }
    this.count++
  }

  /** Returns the images, and each view. */
  images(): readonly Float32Array[] {
    return this.layout.map(
      ({ size }, number) => this.room?.[number]?.subarray(0, this.count * lengthOf(size)) ?? new Float32Array(),
    )
  }
}

/** @throws Failure `image-size` */
function checkSize(image: FloatImage, size: number): void {
  if (image.width === size && image.height === size) return
  throw new Failure({
    code: 'image-size',
    message: `the image steps end with ${image.width} x ${image.height}, and the model takes ${size} x ${size}`,
    help: `end with random_crop(${size}) or center_crop(${size}), or resize(${size})`,
  })
}
