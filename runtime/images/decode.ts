import { Failure, isOutOfFiles, reasonOf, systemFailure } from '../failure.js'
import { Turns } from './alone.js'
import { decodeBmp } from './bmp.js'
import { decodeHeic } from './heic.js'
import { type ImageFile, readImageFile } from './image_file.js'
import type { RgbImage } from './rgb_image.js'
import { loadSharp } from './sharp.js'
import { reasonAgainst, signatureOf } from './signature.js'

export type { RgbImage } from './rgb_image.js'

/** Larger images are rejected before they are decoded: 2^27 pixels are 400 MB of RGB, and more is a mistake or an attack. */
export const MOST_PIXELS = 2 ** 27

/** libvips has a single error buffer for all concurrent operations. */
const turns = new Turns()

/**
 * Decodes a JPEG, PNG, WebP, AVIF, TIFF, GIF (its first frame), HEIC or BMP to 8-bit sRGB, oriented by its EXIF tag, composited on white.
 *
 * @param source a path, a part of a file, or the file's bytes
 * @param name the image's name in messages if `source` is not a path
 * @param enough the required length of the shorter side: an image over 1.5 times as large is reduced to it while decoding, which for a large JPEG
 *   takes a fraction of the time and memory
 * @param mostPixels larger images are rejected before they are decoded
 * @throws Failure `image-unreadable`, which names the path and the reason: missing, empty, truncated, damaged, not an image, too large
 */
export async function decodeImage(
  source: ImageFile | Uint8Array,
  name?: string,
  enough?: number,
  mostPixels = MOST_PIXELS,
): Promise<RgbImage> {
  const path = typeof source === 'string' ? source : (name ?? 'image')
  const unreadable = (reason: string, cause?: unknown) =>
    new Failure(
      {
        code: 'image-unreadable',
        message: `cannot read the image ${path}: ${reason}`,
        help: 'inspect the file; remove it, or get it again',
        path,
      },
      { cause },
    )

  let bytes: Uint8Array
  try {
    // Read here instead of by sharp: libvips parses text in brackets at the end of a file name as options.
    bytes = source instanceof Uint8Array ? source : await readImageFile(source)
  } catch (error) {
    // Not the image's fault: others would be left out as well.
    if (isOutOfFiles(error)) throw systemFailure(error) ?? error
    throw unreadable(reasonOf(error), error)
  }
  if (bytes.length === 0) throw unreadable('the file is empty')
  const signature = signatureOf(bytes)
  if (!signature) throw unreadable(reasonAgainst(bytes))

  const own = ownDecoders[signature.decoder]
  if (own) {
    try {
      return await reducedTo(await own(bytes, mostPixels), enough)
    } catch (error) {
      throw unreadable(reasonOf(error), error)
    }
  }
  const attempt = () => decodeBytes(bytes, signature.decoder, mostPixels, enough)
  try {
    return await turns.beside(attempt)
  } catch {
    // The reason may be another image's, or both in one: decoded again alone, it is its own.
    const again = await turns.alone(async () => ownReason(attempt))
    if ('image' in again) return again.image
    throw unreadable(reasonOf(again.error), again.error)
  }
}

/** Decoders for formats that sharp's libvips lacks. */
const ownDecoders: Readonly<
  Record<string, ((bytes: Uint8Array, mostPixels: number) => Promise<RgbImage> | RgbImage) | undefined>
> = { bmp: decodeBmp, libheif: decodeHeic }

async function reducedTo(image: RgbImage, enough: number | undefined): Promise<RgbImage> {
  const { width, height, data } = image
  if (enough === undefined || !isReduced(width, height, enough)) return image
  const sharp = await loadSharp()
  const reduced = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: enough, height: enough, fit: 'outside' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return {
    width: reduced.info.width,
    height: reduced.info.height,
    data: new Uint8Array(reduced.data.buffer, reduced.data.byteOffset, reduced.data.length),
    whole: { width, height },
  }
}

function isReduced(width: number, height: number, enough: number): boolean {
  return Math.min(width, height) > 1.5 * enough
}

/**
 * Other threads decode as well, each with turns of its own: a reason holds when it comes twice. Another thread that ends in between clears the
 * buffer, and sharp then reports that it has no reason.
 */
async function ownReason(attempt: () => Promise<RgbImage>): Promise<{ image: RgbImage } | { error: unknown }> {
  let error: unknown
  for (let tries = 0; tries < mostTries; tries++) {
    try {
      return { image: await attempt() }
    } catch (thrown) {
      if (reasonOf(thrown) === withoutReason) continue
      if (error !== undefined && reasonOf(thrown) === reasonOf(error)) return { error: thrown }
      error = thrown
    }
  }
  return { error: error ?? new Error('its data cannot be decoded') }
}

const mostTries = 8

/** The message of sharp's error when libvips' buffer is empty. */
const withoutReason = 'Unknown error'

async function decodeBytes(
  bytes: Uint8Array,
  decoder: string,
  mostPixels: number,
  enough: number | undefined,
): Promise<RgbImage> {
  const sharp = await loadSharp()
  const stored = sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels, autoOrient: true })
  const { orientation = 1, autoOrient: whole, format, channels, space } = await stored.metadata()
  if (format !== decoder) throw new Error(`it begins like ${decoder} and is ${format}`)
  // Colours and transparency; libvips would fail at the others in words of its own.
  const most = space === 'cmyk' ? 5 : 4
  if (channels > most) throw new Error(`it has ${channels} channels, more than ${most}`)
  const reduced = enough !== undefined && isReduced(whole.width, whole.height, enough)
  if (reduced) stored.resize({ width: enough, height: enough, fit: 'outside' })
  const { data, info } = await stored
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return {
    width: info.width,
    height: info.height,
    // Three channels: transparency is flattened, and sRGB has no others.
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    ...(orientation > 1 && { orientation }),
    ...(reduced && { whole: { width: whole.width, height: whole.height } }),
  }
}
