import type { RgbImage } from './rgb_image.js'
import { loadSharp } from './sharp.js'

/** Returns the image as a small JPEG, whose longer side has at most `side` pixels. */
export async function thumbnailOf({ data, width, height }: RgbImage, side: number): Promise<Uint8Array> {
  const sharp = await loadSharp()
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 80 })
    .toBuffer()
}
