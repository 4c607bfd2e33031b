import { readFile } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'
import type { Picture } from './picture.js'
import { loadSharp } from './sharp.js'

export type { Picture } from './picture.js'

/** Above this a picture is refused before it is decoded: 2^27 pixels are 400 MB of RGB, and more is a mistake or an attack. */
const MOST_PIXELS = 2 ** 27

/** The formats read, by what their first bytes say (a file's name may lie). SVG is left out on purpose: it can name other files. */
const signatures: readonly { readonly format: string; readonly matches: (bytes: Uint8Array) => boolean }[] = [
  { format: 'JPEG', matches: (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff },
  { format: 'PNG', matches: (b) => latin(b, 1, 4) === 'PNG' && b[0] === 0x89 },
  { format: 'WebP', matches: (b) => latin(b, 0, 4) === 'RIFF' && latin(b, 8, 12) === 'WEBP' },
  { format: 'AVIF', matches: (b) => latin(b, 4, 8) === 'ftyp' },
  { format: 'TIFF', matches: (b) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(latin(b, 0, 4)) },
  { format: 'GIF', matches: (b) => latin(b, 0, 4) === 'GIF8' },
]

function latin(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}

/**
 * Decodes a JPEG, PNG, WebP, AVIF, TIFF or GIF (its first frame) to 8-bit sRGB, turned as its EXIF says, transparency on white.
 *
 * @param source a path, or the file's bytes
 * @param name what to call the picture in a message when `source` is bytes
 * @param enough how long the shorter side has to be: a picture over half as large again is reduced to it while it is read, which for a large JPEG
 *   takes a fraction of the time and memory
 * @throws Failure `image-unreadable`, which names the path and the reason: missing, empty, cut short, damaged, not a picture, too large
 */
export async function decodeImage(source: string | Uint8Array, name?: string, enough?: number): Promise<Picture> {
  const path = typeof source === 'string' ? source : (name ?? 'picture')
  const unreadable = (reason: string, cause?: unknown) =>
    new Failure(
      {
        code: 'image-unreadable',
        message: `cannot read the picture ${path}: ${reason}`,
        help: 'look at the file; remove it, or get it again',
        path,
      },
      { cause },
    )

  let bytes: Uint8Array
  try {
    // Not left to sharp: libvips takes what stands in brackets at the end of a file's name for options.
    bytes = typeof source === 'string' ? await readFile(source) : source
  } catch (error) {
    throw unreadable(reasonOf(error), error)
  }
  if (bytes.length === 0) throw unreadable('the file is empty')
  if (!signatures.some(({ matches }) => matches(bytes))) {
    throw unreadable(`it is not one of ${signatures.map(({ format }) => format).join(', ')}`)
  }

  const sharp = await loadSharp()
  try {
    const stored = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS, autoOrient: true })
    const { orientation = 1, autoOrient: whole } = await stored.metadata()
    const reduced = enough !== undefined && Math.min(whole.width, whole.height) > 1.5 * enough
    if (reduced) stored.resize({ width: enough, height: enough, fit: 'outside' })
    const { data, info } = await stored
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return {
      width: info.width,
      height: info.height,
      data: asRgb(data, info.channels),
      ...(orientation > 1 && { orientation }),
      ...(reduced && { whole: { width: whole.width, height: whole.height } }),
    }
  } catch (error) {
    throw unreadable(reasonOf(error), error)
  }
}

function asRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length)
  const pixels = data.length / channels
  const rgb = new Uint8Array(pixels * 3)
  // One or two channels are grey (and alpha); four would be RGB and alpha.
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2]
  for (let i = 0; i < pixels; i++) {
    rgb[3 * i] = data[channels * i] ?? 0
    rgb[3 * i + 1] = data[channels * i + green] ?? 0
    rgb[3 * i + 2] = data[channels * i + blue] ?? 0
  }
  return rgb
}
