import { Failure } from '../failure.js'
import type { Random } from '../random.js'
import type { AnyPicture, FloatPicture } from './picture.js'
import { resizeBilinear } from './resize.js'

// One function a step. Each gives a new picture (or the very same one when nothing changes) and never writes into its input,
// which may sit in a cache. Values are 0 to 255 until `normalize`.

/** Luma of sRGB values (ITU-R BT.601), as Pillow and torchvision turn colour to grey. */
const RED = 0.299
const GREEN = 0.587
const BLUE = 0.114

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

/**
 * A rectangle of scaleMin to scaleMax of the area, its sides in a ratio of 3:4 to 4:3, stretched to size x size
 * ("Inception crop", as torchvision's RandomResizedCrop: ten tries, then the largest allowed rectangle in the middle).
 */
export function randomResizedCrop(
  picture: AnyPicture,
  size: number,
  scaleMin: number,
  scaleMax: number,
  random: Random,
): FloatPicture {
  const chosen = rectangleFor(picture, scaleMin, scaleMax, random)
  const part = crop(picture, chosen.left, chosen.top, chosen.width, chosen.height)
  return { width: size, height: size, data: resizeBilinear(part, size, size) }
}

function rectangleFor({ width, height }: AnyPicture, scaleMin: number, scaleMax: number, random: Random) {
  const widest = 4 / 3
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * random.uniform(scaleMin, scaleMax)
    const ratio = Math.exp(random.uniform(-Math.log(widest), Math.log(widest)))
    const w = Math.round(Math.sqrt(area * ratio))
    const h = Math.round(Math.sqrt(area / ratio))
    if (w >= 1 && h >= 1 && w <= width && h <= height) {
      const left = random.integer(width - w + 1)
      return { left, top: random.integer(height - h + 1), width: w, height: h }
    }
  }
  const w = Math.max(1, Math.min(width, Math.round(height * widest)))
  const h = Math.max(1, Math.min(height, Math.round(width * widest)))
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h }
}

/** Mirrors one picture in two. */
export function flip(picture: AnyPicture, direction: 'horizontal' | 'vertical', random: Random): AnyPicture {
  if (random.uniform() >= 0.5) return picture
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

/** Adds uniform(-amount, amount) of the full range to every value. */
export function brightness(picture: AnyPicture, amount: number, random: Random): FloatPicture {
  const shift = random.uniform(-amount, amount) * 255
  return withPixels(picture, (from, to, i) => {
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) + shift)
  })
}

/** Pulls every value towards the mean luma of the picture by a factor of low to high; 1 leaves it, 0 gives flat grey. */
export function contrast(picture: AnyPicture, low: number, high: number, random: Random): FloatPicture {
  const by = random.uniform(low, high)
  let sum = 0
  for (let i = 0; i < picture.data.length; i += 3) sum += lumaAt(picture.data, i)
  const rest = (1 - by) * (sum / (picture.width * picture.height))
  return withPixels(picture, (from, to, i) => {
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) * by + rest)
  })
}

/** Pulls every pixel towards its own grey by a factor of low to high; 1 leaves it, 0 gives a grey picture. */
export function saturation(picture: AnyPicture, low: number, high: number, random: Random): FloatPicture {
  const by = random.uniform(low, high)
  return withPixels(picture, (from, to, i) => {
    const rest = (1 - by) * lumaAt(from, i)
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) * by + rest)
  })
}

/** Turns the picture about its middle by uniform(-degrees, degrees), bilinear; what comes into view repeats the edge. */
export function rotate(picture: AnyPicture, degrees: number, random: Random): FloatPicture {
  const { width, height, data } = picture
  const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180
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

/** (value / 255 - mean) / deviation, each for red, green and blue. */
export function normalize(
  picture: AnyPicture,
  mean: readonly [number, number, number],
  deviation: readonly [number, number, number],
): FloatPicture {
  const factors = deviation.map((d) => 1 / (255 * d))
  const shifts = deviation.map((d, c) => (mean[c] as number) / d)
  const [f0, f1, f2] = factors as [number, number, number]
  const [s0, s1, s2] = shifts as [number, number, number]
  return withPixels(picture, (from, to, i) => {
    to[i] = (from[i] as number) * f0 - s0
    to[i + 1] = (from[i + 1] as number) * f1 - s1
    to[i + 2] = (from[i + 2] as number) * f2 - s2
  })
}

type Values = Uint8Array | Float32Array

function withPixels(
  picture: AnyPicture,
  change: (from: Values, to: Float32Array, index: number) => void,
): FloatPicture {
  const data = new Float32Array(picture.data.length)
  for (let i = 0; i < data.length; i += 3) change(picture.data, data, i)
  return { width: picture.width, height: picture.height, data }
}

function lumaAt(data: Values, i: number): number {
  return RED * (data[i] as number) + GREEN * (data[i + 1] as number) + BLUE * (data[i + 2] as number)
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 255)
}
