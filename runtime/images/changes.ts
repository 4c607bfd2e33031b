import type { Random } from '../../compiler/random.js'
import { Failure } from '../failure.js'
import { type Interpolation, resizeImage } from './resize.js'
import type { AnyImage, FloatImage } from './rgb_image.js'

// One function per geometric step; colours.ts has those of pixel values. Each returns a new image (or its input if nothing changes) and never
// writes into its input,
// which may sit in a cache. Values are 0 to 255 until `normalize`.

/** The part of width x height whose top left pixel is (left, top). */
export function crop(image: AnyImage, left: number, top: number, width: number, height: number): AnyImage {
  if (left === 0 && top === 0 && width === image.width && height === image.height) return image
  const length = width * height * 3
  const data = image.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3
    data.set(image.data.subarray(from, from + width * 3), y * width * 3)
  }
  return { width, height, data }
}

function needAtLeast(step: string, image: AnyImage, size: number): void {
  if (image.width >= size && image.height >= size) return
  throw new Failure({
    code: 'image-smaller-than-crop',
    message: `${step} to ${size} x ${size} does not fit in an image of ${image.width} x ${image.height}`,
    help: `put resize(${size}) or larger before it`,
  })
}

export function centerCrop(image: AnyImage, size: number): AnyImage {
  needAtLeast('center_crop', image, size)
  return crop(image, (image.width - size) >> 1, (image.height - size) >> 1, size, size)
}

export function randomCrop(image: AnyImage, size: number, random: Random): AnyImage {
  needAtLeast('random_crop', image, size)
  const left = random.integer(image.width - size + 1)
  return crop(image, left, random.integer(image.height - size + 1), size, size)
}

/** How large a rectangle to draw: its share of the image's area, and its width over its height. */
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
export function randomResizedCrop(
  image: AnyImage,
  size: number,
  shape: Shape,
  interpolation: Interpolation,
  random: Random,
): FloatImage {
  const chosen = rectangleIn(image, shape, random) ?? middleOf(image, shape)
  const part = crop(image, chosen.left, chosen.top, chosen.width, chosen.height)
  return { width: size, height: size, data: resizeImage(part, size, size, interpolation) }
}

interface Rectangle {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Undefined when ten drawn in a row did not fit. */
function rectangleIn({ width, height }: AnyImage, shape: Shape, random: Random): Rectangle | undefined {
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
function middleOf({ width, height }: AnyImage, { ratioMin, ratioMax }: Shape): Rectangle {
  const w = Math.max(1, Math.min(width, Math.round(height * ratioMax)))
  const h = Math.max(1, Math.min(height, Math.round(width / ratioMin)))
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h }
}

/** Fills a rectangle of random place and shape with one value (0 to 255), as torchvision's RandomErasing: none when ten drawn did not fit. */
export function erase(image: AnyImage, probability: number, shape: Shape, fill: number, random: Random): AnyImage {
  if (random.uniform() >= probability) return image
  const chosen = rectangleIn(image, shape, random)
  if (!chosen) return image
  const data = Float32Array.from(image.data)
  const { left, top, width, height } = chosen
  for (let y = top; y < top + height; y++) {
    const row = (y * image.width + left) * 3
    data.fill(fill, row, row + width * 3)
  }
  return { width: image.width, height: image.height, data }
}

/** Mirrors an image with the given probability. */
export function flip(
  image: AnyImage,
  direction: 'horizontal' | 'vertical',
  probability: number,
  random: Random,
): AnyImage {
  if (random.uniform() >= probability) return image
  const { width, height, data } = image
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

/** Turns the image about its middle, clockwise, bilinear; what comes into view repeats the edge. */
export function turn(image: AnyImage, degrees: number): FloatImage {
  const { width, height, data } = image
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
