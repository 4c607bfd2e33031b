import { basename } from 'node:path'
import { decodeImage } from '../images/decode.js'
import { thumbnailOf } from '../images/thumbnail.js'
import { dataUri } from '../report/markup.js'
import type { SamplePhoto } from './settings.js'

/** The longer side of a sample photo: more than any model takes. */
const sampleSide = 800

/**
 * Reads photos that a page offers. They are encoded again, so that nothing but pixels of them is in the page: no place, time or name of a camera.
 *
 * @throws Failure for a photo that cannot be read
 */
export async function readSamples(paths: readonly string[]): Promise<readonly SamplePhoto[]> {
  const samples: SamplePhoto[] = []
  for (const path of paths) {
    const jpeg = await thumbnailOf(await decodeImage(path), sampleSide)
    samples.push({ name: basename(path), uri: dataUri(jpeg) })
  }
  return samples
}
