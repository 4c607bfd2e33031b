import type { RgbImage } from './rgb_image.js'

/** The header of a bitmap: Microsoft's BITMAPCOREHEADER, BITMAPINFOHEADER or a later version. */
interface BmpHeader {
  readonly width: number
  readonly height: number
  /** Whether the first row is the topmost. */
  readonly topDown: boolean
  readonly bits: number
  readonly compression: number
  /** The offset of the pixels. */
  readonly offset: number
  /** Three bytes for each colour: red, green, blue. */
  readonly palette: Uint8Array
  /** Bits of red, green, blue and alpha within a pixel of 16 or 32 bits. */
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number]
}

const RGB = 0
const RLE8 = 1
const RLE4 = 2
const BITFIELDS = 3
const ALPHA_BITFIELDS = 6

/**
 * Decodes a BMP of 1, 4, 8, 16, 24 or 32 bits, plain or run-length encoded, with transparency on white.
 *
 * @param mostPixels larger images are refused before they are decoded
 * @throws Error with the reason: truncated, too large, or compressed as JPEG or PNG
 */
export function decodeBmp(bytes: Uint8Array, mostPixels: number): RgbImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = headerOf(view, mostPixels)
  const { width, height, compression } = header
  const data =
    compression === RLE8 || compression === RLE4 ? decodeRuns(bytes, header) : decodeRows(bytes, view, header)
  return { width, height, data }
}

function headerOf(view: DataView, mostPixels: number): BmpHeader {
  if (view.byteLength < 26) throw new Error('its header is cut short')
  const offset = view.getUint32(10, true)
  const size = view.getUint32(14, true)
  const core = size === 12
  if (!core && (size < 40 || size > 124)) throw new Error(`it has an unknown header of ${size} bytes`)
  if (view.byteLength < 14 + size) throw new Error('its header is cut short')
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true)
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true)
  const height = Math.abs(signedHeight)
  if (width <= 0 || height === 0) throw new Error(`it is ${width} x ${height} pixels large`)
  if (width * height > mostPixels) throw new Error(`it has more than ${mostPixels} pixels`)
  const bits = view.getUint16(core ? 24 : 28, true)
  const compression = core ? RGB : view.getUint32(30, true)
  const allowed: Readonly<Record<number, readonly number[]>> = {
    [RGB]: [1, 4, 8, 16, 24, 32],
    [RLE8]: [8],
    [RLE4]: [4],
    [BITFIELDS]: [16, 32],
    [ALPHA_BITFIELDS]: [16, 32],
  }
  if (!allowed[compression]?.includes(bits))
    throw new Error(`it has ${bits} bits per pixel in compression ${compression}`)
  const fields = compression === BITFIELDS || compression === ALPHA_BITFIELDS
  // The masks are part of later headers, and follow a BITMAPINFOHEADER.
  const fieldBytes = size >= 52 || !fields ? 0 : compression === ALPHA_BITFIELDS ? 16 : 12
  const start = 14 + size + fieldBytes
  if (view.byteLength < start) throw new Error('its header is cut short')
  const hasAlpha = size >= 56 || compression === ALPHA_BITFIELDS
  const mask = (index: number) => view.getUint32(54 + 4 * index, true)
  const usual = bits === 16 ? ([0x7c00, 0x3e0, 0x1f, 0] as const) : ([0xff0000, 0xff00, 0xff, 0] as const)
  const entry = core ? 3 : 4
  const used = core ? 0 : view.getUint32(46, true)
  const count =
    bits > 8
      ? 0
      : Math.min(used || 2 ** bits, 2 ** bits, Math.floor((Math.min(offset, view.byteLength) - start) / entry))
  const palette = new Uint8Array(3 * 2 ** Math.min(bits, 8))
  for (let index = 0; index < count; index++)
    for (let channel = 0; channel < 3; channel++)
      palette[3 * index + channel] = view.getUint8(start + entry * index + 2 - channel)
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    compression,
    offset,
    palette,
    masks: fields ? [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0] : usual,
  }
}

function decodeRows(bytes: Uint8Array, view: DataView, header: BmpHeader): Uint8Array {
  const { width, height, topDown, bits, offset, palette, masks } = header
  const stride = Math.ceil((width * bits) / 32) * 4
  if (offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length)
    throw new Error('its pixels are cut short')
  const data = new Uint8Array(3 * width * height)
  const [redMask, greenMask, blueMask, alphaMask] = masks
  const [red, green, blue] = [channelOf(redMask), channelOf(greenMask), channelOf(blueMask)]
  const alpha = channelOf(alphaMask)
  const opaque = alphaMask === 0 || !someAlpha(view, header, stride, alpha)
  for (let row = 0; row < height; row++) {
    const from = offset + stride * (topDown ? row : height - 1 - row)
    for (let x = 0; x < width; x++) {
      const to = 3 * (row * width + x)
      if (bits <= 8) {
        const byte = bytes[from + ((x * bits) >> 3)] ?? 0
        const index = (byte >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1)
        data.set(palette.subarray(3 * index, 3 * index + 3), to)
      } else if (bits === 24) {
        const at = from + 3 * x
        for (let channel = 0; channel < 3; channel++) data[to + channel] = bytes[at + 2 - channel] ?? 0
      } else {
        const pixel = bits === 16 ? view.getUint16(from + 2 * x, true) : view.getUint32(from + 4 * x, true)
        const share = opaque ? 1 : alpha(pixel) / 255
        data[to] = onWhite(red(pixel), share)
        data[to + 1] = onWhite(green(pixel), share)
        data[to + 2] = onWhite(blue(pixel), share)
      }
    }
  }
  return data
}

/** Some programs declare alpha and leave it zero everywhere, for an opaque image. */
function someAlpha(
  view: DataView,
  { width, height, bits, offset }: BmpHeader,
  stride: number,
  alpha: Channel,
): boolean {
  for (let row = 0; row < height; row++)
    for (let x = 0; x < width; x++) {
      const at = offset + stride * row + (bits / 8) * x
      if (alpha(bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true)) > 0) return true
    }
  return false
}

/** A channel of a pixel, from 0 to 255. */
type Channel = (pixel: number) => number

function channelOf(mask: number): Channel {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = mask >>> shift
  return (pixel) => Math.round((((pixel & mask) >>> shift) / most) * 255)
}

function onWhite(value: number, share: number): number {
  return Math.round(value * share + 255 * (1 - share))
}

/** Runs of one index, indices as they are, ends of rows, and jumps; pixels that are jumped over have the first colour. */
function decodeRuns(bytes: Uint8Array, { width, height, topDown, bits, offset, palette }: BmpHeader): Uint8Array {
  const indices = new Uint8Array(width * height)
  let [x, y] = [0, 0]
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index
    x++
  }
  const nibble = (byte: number, second: boolean) => (second ? byte & 15 : byte >> 4)
  for (let at = offset; at + 1 < bytes.length && y < height; ) {
    const [count, value] = [bytes[at] as number, bytes[at + 1] as number]
    at += 2
    if (count > 0) {
      for (let k = 0; k < count; k++) put(bits === 8 ? value : nibble(value, k % 2 === 1))
    } else if (value === 0) {
      x = 0
      y++
    } else if (value === 1) return coloured(indices, width, height, topDown, palette)
    else if (value === 2) {
      if (at + 1 >= bytes.length) break
      x += bytes[at] as number
      y += bytes[at + 1] as number
      at += 2
    } else {
      const length = bits === 8 ? value : Math.ceil(value / 2)
      if (at + length > bytes.length) break
      for (let k = 0; k < value; k++)
        put(bits === 8 ? (bytes[at + k] as number) : nibble(bytes[at + (k >> 1)] as number, k % 2 === 1))
      at += length + (length % 2)
    }
  }
  if (y < height - 1 || (y === height - 1 && x < width)) throw new Error('its pixels are cut short')
  return coloured(indices, width, height, topDown, palette)
}

function coloured(
  indices: Uint8Array,
  width: number,
  height: number,
  topDown: boolean,
  palette: Uint8Array,
): Uint8Array {
  const data = new Uint8Array(3 * width * height)
  for (let row = 0; row < height; row++) {
    const from = width * (topDown ? row : height - 1 - row)
    for (let x = 0; x < width; x++) {
      const index = indices[from + x] as number
      data.set(palette.subarray(3 * index, 3 * index + 3), 3 * (row * width + x))
    }
  }
  return data
}
