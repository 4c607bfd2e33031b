/** Decodes photos in a browser's worker, and scales and crops them for display. */

import { reasonAgainst, signatureOf } from '../images/signature.js'
import type { DecodedPhoto, Problem } from './messages.js'

/** Bounds of the longer side of a displayed photo. Small photos are enlarged, so that drawings on them are as sharp as on large ones. */
const shownSides = { least: 640, most: 1280 }
const cropSides = { least: 240, most: 640 }

/** A photo that cannot be read, as an error to throw. */
export class PhotoError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message)
  }
}

/** Formats that only some browsers decode. */
const uncommon: readonly string[] = ['HEIC', 'TIFF', 'AVIF']

/** @throws PhotoError `not-an-image`, `not-decoded` */
export async function decodePhoto(file: Blob, name: string): Promise<ImageBitmap> {
  const bytes = await firstBytes(file, name)
  if (file.size === 0) throw new PhotoError({ code: 'not-an-image', message: `${name} is empty. Choose another file.` })
  const signature = signatureOf(bytes)
  if (!signature)
    throw new PhotoError({
      code: 'not-an-image',
      message: `${name} cannot be read: ${reasonAgainst(bytes)}. Choose a photo.`,
    })
  try {
    return await createImageBitmap(file)
  } catch {
    const { format } = signature
    const message = uncommon.includes(format)
      ? `This browser does not decode ${format}: save ${name} as JPEG and choose it again.`
      : `${name} is ${format}, but cannot be decoded: it is damaged or cut short. Choose another copy.`
    throw new PhotoError({ code: 'not-decoded', message })
  }
}

async function firstBytes(file: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(0, 4096).arrayBuffer())
  } catch {
    throw new PhotoError({
      code: 'not-decoded',
      message: `${name} cannot be opened: it was moved or changed. Choose it again.`,
    })
  }
}

/** Returns the photo at display size. */
export async function shownPhoto(photo: ImageBitmap): Promise<DecodedPhoto> {
  const { width, height } = photo
  return { shown: await scaled(photo, { x: 0, y: 0, width, height }, shownSides), width, height }
}

/** Returns the part in the box, which is y1, x1, y2, x2 in fractions of the photo; undefined without a box. */
export async function shownCrop(
  photo: ImageBitmap,
  box: ArrayLike<number> | undefined,
): Promise<ImageBitmap | undefined> {
  const { 0: y1, 1: x1, 2: y2, 3: x2 } = box ?? []
  if (y1 === undefined || x1 === undefined || y2 === undefined || x2 === undefined) return undefined
  const [x, y] = [Math.floor(x1 * photo.width), Math.floor(y1 * photo.height)]
  const width = Math.max(1, Math.round(x2 * photo.width) - x)
  const height = Math.max(1, Math.round(y2 * photo.height) - y)
  return scaled(photo, { x, y, width, height }, cropSides)
}

interface Part {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function scaled(
  photo: ImageBitmap,
  { x, y, width, height }: Part,
  { least, most }: { readonly least: number; readonly most: number },
): Promise<ImageBitmap> {
  const side = Math.max(width, height)
  const scale = Math.min(most, Math.max(least, side)) / side
  return createImageBitmap(photo, x, y, width, height, {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: 'medium',
  })
}
