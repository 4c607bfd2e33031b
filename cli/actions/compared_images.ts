import { Random } from '../../compiler/random.js'
import type { WantedLabel } from '../../runtime/data/label_inputs.js'
import { openDataSet } from '../../runtime/data/open.js'
import { decodeSample } from '../../runtime/data/sample_image.js'
import { Failure } from '../../runtime/failure.js'
import type { RgbImage } from '../../runtime/images/rgb_image.js'

/** The images on which a file is compared. */
export interface ComparedImages {
  /** A data set; without one, only noise. */
  readonly data?: string
  /** The largest number of images of the data set. */
  readonly images: number
  /** The seed of the noise. */
  readonly seed: number
}

/** Images of noise, of several sizes, then real ones spread over the data set. */
export async function* imagesFor(
  { data: folder, images, seed }: ComparedImages,
  labels: readonly WantedLabel[],
): AsyncGenerator<{ name: string; image: RgbImage }> {
  const random = new Random(seed)
  for (const [width, height] of [
    [64, 64],
    [321, 200],
    [97, 500],
  ] as const) {
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256))
    yield { name: `noise of ${width} x ${height}`, image: { width, height, data } }
  }
  if (folder === undefined) return
  const { splits } = await openDataSet(folder, { seed: 1, labels })
  const samples = splits.val.length > 0 ? splits.val : splits.train
  if (samples.length === 0)
    throw new Failure({
      code: 'no-images',
      message: `${folder} has no images`,
      help: 'give a folder of class folders',
      path: folder,
    })
  const step = Math.max(1, samples.length / images)
  for (let at = 0; at < samples.length; at += step) {
    const sample = samples[Math.floor(at)]
    if (sample) yield { name: sample.path, image: await decodeSample(sample) }
  }
}
