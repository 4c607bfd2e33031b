import { basename } from 'node:path'
import { decodeImage } from '../images/decode.js'
import { thumbnailOf } from '../images/thumbnail.js'
import { dataUri } from '../report/markup.js'
import type { SamplePhoto } from './settings.js'

/** The longer side of a sample photo, in pixels: more than any model needs. */
const sampleSide = 800

/**
 * Reads the sample photos of a page. They are encoded again, which removes all metadata such as place, time and camera.
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
