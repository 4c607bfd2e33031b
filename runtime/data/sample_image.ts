import { decodeImage } from '../images/decode.js'
import type { ImageFile } from '../images/image_file.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { Sample } from './dataset.js'

type Located = Pick<Sample, 'path' | 'part'>

/** Returns where the bytes of a sample's image are. */
export function imageFileOf({ path, part }: Located): ImageFile {
  return part ?? path
}

/**
 * Decodes the image of a sample.
 *
 * @param enough as of `decodeImage`
 * @throws Failure `image-unreadable`
 */
export function decodeSample(sample: Located, enough?: number): Promise<RgbImage> {
  return decodeImage(imageFileOf(sample), sample.path, enough)
}
