import { Failure } from '../failure.js'
import type { Random } from '../random.js'
import type { AnyPicture, FloatPicture } from './picture.js'
import { resizeBilinear } from './resize.js'

// One function a step that moves pixels; colours.ts has those that change them. Each gives a new picture (or the very same one when nothing changes) and never writes into its input,
// which may sit in a cache. Values are 0 to 255 until `normalize`.

/** The part of width x height whose top left pixel is (left, top). */
export function crop(picture: AnyPicture, left: number, top: number, width: number, height: number): AnyPicture {
  if (left === 0 && top === 0 && width === picture.width && height === picture.height) return picture
  const length = width * height * 3
  const data = picture.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3)
  }
  return { width, height, data }
}

function needAtLeast(step: string, picture: AnyPicture, size: number): void {
  if (picture.width >= size && picture.height >= size) return
  throw new Failure({
    code: 'image-smaller-than-crop',
    message: `${step} to ${size} x ${size} does not fit in a picture of ${picture.width} x ${picture.height}`,
    help: `put resize(${size}) or larger before it`,
  })
}

export function centerCrop(picture: AnyPicture, size: number): AnyPicture {
  needAtLeast('center_crop', picture, size)
  return crop(picture, (picture.width - size) >> 1, (picture.height - size) >> 1, size, size)
}

export function randomCrop(picture: AnyPicture, size: number, random: Random): AnyPicture {
  needAtLeast('random_crop', picture, size)
  const left = random.integer(picture.width - size + 1)
  return crop(picture, left, random.integer(picture.height - size + 1), size, size)
}

/** How large a rectangle to draw: its share of the picture's area, and its width over its height. */
export interface Shape {
  readonly scaleMin: number
  readonly scaleMax: number
  readonly ratioMin: number
  readonly ratioMax: number
}

/**
 * A rectangle of random place and shape, stretched to size x size
 * ("Inception crop", as torchvision's RandomResizedCrop: ten tries, then the largest allowed rectangle in the middle).
 */
export function randomResizedCrop(picture: AnyPicture, size: number, shape: Shape, random: Random): FloatPicture {
  const chosen = rectangleIn(picture, shape, random) ?? middleOf(picture, shape)
  const part = crop(picture, chosen.left, chosen.top, chosen.width, chosen.height)
  return { width: size, height: size, data: resizeBilinear(part, size, size) }
}

interface Rectangle {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Undefined when ten drawn in a row did not fit. */
function rectangleIn({ width, height }: AnyPicture, shape: Shape, random: Random): Rectangle | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.uniform(shape.scaleMin, shape.scaleMax)
    const ratio = Math.exp(random.uniform(Math.log(shape.ratioMin), Math.log(shape.ratioMax)))
    const w = Math.round(Math.sqrt(area * ratio))
    const h = Math.round(Math.sqrt(area / ratio))
    if (w >= 1 && h >= 1 && w <= width && h <= height) {
      const left = random.integer(width - w + 1)
      return { left, top: random.integer(height - h + 1), width: w, height: h }
    }
  }
  return undefined
}

/** The largest rectangle of an allowed ratio, in the middle. */
function middleOf({ width, height }: AnyPicture, { ratioMin, ratioMax }: Shape): Rectangle {
  const w = Math.max(1, Math.min(width, Math.round(height * ratioMax)))
  const h = Math.max(1, Math.min(height, Math.round(width / ratioMin)))
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h }
}

/** Fills a rectangle of random place and shape with one value (0 to 255), as torchvision's RandomErasing: none when ten drawn did not fit. */
export function erase(
  picture: AnyPicture,
  probability: number,
  shape: Shape,
  fill: number,
  random: Random,
): AnyPicture {
  if (random.uniform() >= probability) return picture
  const chosen = rectangleIn(picture, shape, random)
  if (!chosen) return picture
  const data = Float32Array.from(picture.data)
  const { left, top, width, height } = chosen
  for (let y = top; y < top + height; y++) {
    const row = (y * picture.width + left) * 3
    data.fill(fill, row, row + width * 3)
  }
  return { width: picture.width, height: picture.height, data }
}

/** Mirrors a picture with the given probability. */
export function flip(
  picture: AnyPicture,
  direction: 'horizontal' | 'vertical',
  probability: number,
  random: Random,
): AnyPicture {
  if (random.uniform() >= probability) return picture
  const { width, height, data } = picture
  const stride = width * 3
  const out = data instanceof Uint8Array ? new Uint8Array(data.length) : new Float32Array(data.length)
  for (let y = 0; y < height; y++) {
    if (direction === 'vertical') {
      out.set(data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride)
      continue
    }
    for (let x = 0, to = y * stride, from = (y + 1) * stride - 3; x < width; x++, to += 3, from -= 3) {
      out[to] = data[from] as number
      out[to + 1] = data[from + 1] as number
      out[to + 2] = data[from + 2] as number
    }
  }
  return { width, height, data: out }
}

/** Turns the picture about its middle, clockwise, bilinear; what comes into view repeats the edge. */
export function turn(picture: AnyPicture, degrees: number): FloatPicture {
  const { width, height, data } = picture
  const angle = (degrees * Math.PI) / 180
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const middleX = (width - 1) / 2
  const middleY = (height - 1) / 2
  const out = new Float32Array(data.length)
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const dx = x - middleX
      const dy = y - middleY
      const fromX = Math.min(Math.max(middleX + cos * dx + sin * dy, 0), width - 1)
      const fromY = Math.min(Math.max(middleY - sin * dx + cos * dy, 0), height - 1)
      const x0 = Math.floor(fromX)
      const y0 = Math.floor(fromY)
      const right = x0 + 1 < width ? 3 : 0
      const below = y0 + 1 < height ? width * 3 : 0
      const fx = fromX - x0
      const fy = fromY - y0
      const at = (y0 * width + x0) * 3
      for (let c = 0; c < 3; c++) {
        const i = at + c
        const upper = (data[i] as number) * (1 - fx) + (data[i + right] as number) * fx
        const lower = (data[i + below] as number) * (1 - fx) + (data[i + below + right] as number) * fx
        out[to + c] = upper * (1 - fy) + lower * fy
      }
    }
  }
  return { width, height, data: out }
}
