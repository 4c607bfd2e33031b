import { relative } from 'node:path'
import { elementAt } from '../../../grammar/present.js'
import type { DataSet, Sample } from '../../../runtime/data/dataset.js'
import { decodeSample } from '../../../runtime/data/sample_image.js'
import { thumbnailOf } from '../../../runtime/images/thumbnail.js'
import type { DecidingImage } from '../../../runtime/report/compared.js'
import type { Outcome } from './measured_model.js'

/** Images shown for each model of a pair, and their longer side in pixels: the page stays small enough to send. */
const shown = 4
const thumbnailSide = 160

/** Finds and draws images that only one of two models classifies correctly. An image of several pairs is decoded once. */
export class DecidingImageFinder {
  private readonly thumbnails = new Map<Sample, Uint8Array>()

  constructor(private readonly data: Pick<DataSet, 'root' | 'classes'>) {}

  /**
   * Returns images that the first model classifies correctly and the second does not, those with the largest difference in the
   * probability of the true class first.
   *
   * @param first and `second`: outcomes of the same images in the same order
   */
  async find(first: readonly Outcome[], second: readonly Outcome[]): Promise<DecidingImage[]> {
    const found = first
      .map((one, index) => ({ one, other: elementAt(second, index) }))
      .filter(({ one, other }) => one.right && !other.right)
      .sort((a, b) => gap(b) - gap(a))
      .slice(0, shown)
    const images: DecidingImage[] = []
    for (const { one, other } of found) {
      const { path, label } = one.sample
      images.push({
        name: relative(this.data.root, path),
        truth: elementAt(this.data.classes, label),
        predicted: elementAt(this.data.classes, other.predicted),
        thumbnail: await this.draw(one.sample),
      })
    }
    return images
  }

  private async draw(sample: Sample): Promise<Uint8Array> {
    const drawn = this.thumbnails.get(sample) ?? (await thumbnailOf(await decodeSample(sample), thumbnailSide))
    this.thumbnails.set(sample, drawn)
    return drawn
  }
}

function gap({ one, other }: { readonly one: Outcome; readonly other: Outcome }): number {
  return one.truthProbability - other.truthProbability
}
