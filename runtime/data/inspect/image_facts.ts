import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Failure, reasonOf } from '../../failure.js'
import { decodeImage } from '../../images/decode.js'
import { readImageFile } from '../../images/image_file.js'
import type { RgbImage } from '../../images/rgb_image.js'
import { loadSharp } from '../../images/sharp.js'
import type { Reporter } from '../../reporter.js'
import { type DataSet, type Sample, type SplitName, splitNames } from '../dataset.js'
import { imageFileOf } from '../sample_image.js'

/** An image that could be read. */
export interface ImageFacts {
  readonly sample: Sample
  readonly split: SplitName
  readonly width: number
  readonly height: number
  /** SHA-256 of the file. */
  readonly content: string
  /** The difference hash: images that differ in few bits look alike. */
  readonly look: Uint16Array
}

export interface Unreadable {
  readonly path: string
  readonly split: SplitName
  readonly reason: string
}

/** Reads and decodes every image of a data set, as training would. */
export async function readImageFacts(
  { splits }: DataSet,
  reporter: Reporter,
): Promise<{ seen: readonly ImageFacts[]; unreadable: readonly Unreadable[] }> {
  const all = splitNames.flatMap((split) => splits[split].map((sample) => ({ sample, split })))
  const found: (ImageFacts | Unreadable | undefined)[] = all.map(() => undefined)
  let next = 0
  let done = 0
  const work = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const one = all[at]
      if (one) found[at] = await lookAt(one.sample, one.split)
      reporter.progress(`${++done} of ${all.length} images`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work))
  const given = found.filter((one) => one !== undefined)
  return {
    seen: given.filter((one): one is ImageFacts => 'look' in one),
    unreadable: given.filter((one): one is Unreadable => 'reason' in one),
  }
}

async function lookAt(sample: Sample, split: SplitName): Promise<ImageFacts | Unreadable> {
  const { path } = sample
  try {
    const bytes = await readImageFile(imageFileOf(sample))
    const image = await decodeImage(bytes, path)
    const content = createHash('sha256').update(bytes).digest('base64')
    return { sample, split, width: image.width, height: image.height, content, look: await lookOf(image) }
  } catch (error) {
    // A missing file is detected by its error code; decodeImage reports all other errors.
    if (error instanceof Failure || (error instanceof Error && 'code' in error))
      return { path, split, reason: reasonOf(error) }
    throw error
  }
}

/** Side of the grid an image is made grey and small to. */
const GRID = 16

/** A difference hash: for each of 16 x 16 cells whether it is brighter than its left neighbour, a row a number. */
async function lookOf({ data, width, height }: RgbImage): Promise<Uint16Array> {
  const sharp = await loadSharp()
  const small = await sharp(data, { raw: { width, height, channels: 3 } })
    .greyscale()
    .resize(GRID + 1, GRID, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer()
  const look = new Uint16Array(GRID)
  for (let y = 0; y < GRID; y++)
    for (let x = 0; x < GRID; x++) {
      const at = y * (GRID + 1) + x
      if ((small[at + 1] as number) > (small[at] as number)) look[y] = (look[y] as number) | (1 << x)
    }
  return look
}
