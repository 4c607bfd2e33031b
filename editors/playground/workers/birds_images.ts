import { type Job, type Prepared, Preparer } from '../../../runtime/data/prepare.js'
import type { PreparedImages } from '../../../runtime/data/prepared_images.js'
import type { RgbImage } from '../../../runtime/images/rgb_image.js'
import { bytesOf, withoutAlpha } from '../../../runtime/page/answer.js'
import type { EncodedPhoto } from '../birds/sample_birds.js'

/** The size of the cache of decoded images in bytes: all sample birds take 96 MB. */
const cacheBytes = 2 ** 28

/** The sample birds, decoded by the browser. */
export class BirdsImages implements PreparedImages {
  readonly mostUnreadable = 0
  private readonly preparer: Preparer

  constructor(photos: readonly EncodedPhoto[]) {
    const byPath = new Map(photos.map((photo) => [photo.path, photo]))
    this.preparer = new Preparer(
      async ({ path }) => {
        const photo = byPath.get(path)
        if (!photo) throw new Error(`there is no photo ${path}`)
        return decoded(await bytesOf(photo.base64))
      },
      cacheBytes,
      8,
    )
  }

  prepare(job: Job): Promise<Prepared> {
    return this.preparer.prepare(job)
  }
}

async function decoded(bytes: Uint8Array<ArrayBuffer>): Promise<RgbImage> {
  const bitmap = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: 'none' })
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser cannot read images')
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) }
}
