import type { Random } from '../../compiler/random.js'
import { elementAt } from '../../grammar/present.js'
import { clamp, contrast, saturate } from './colours.js'
import type { AnyImage, FloatImage } from './rgb_image.js'

/** The largest magnitude of the paper's scale. */
const mostMagnitude = 30

interface Options {
  /** The number of transforms applied in sequence. */
  readonly count: number
  /** From 0 to 30. */
  readonly magnitude: number
  /** The value, 0 to 255, of pixels from outside the image. */
  readonly fill: number
}

/** Applies a transform, whose strength is relative to the greatest: from -1 to 1 if it has a direction, else from 0 to 1. */
type Transform = (image: AnyImage, strength: number, fill: number) => AnyImage

/**
 * The transforms of RandAugment (Cubuk et al. 2020) with the ranges of torchvision's RandAugment, in its order. Geometric ones take the
 * nearest pixel.
 */
export const transforms: Readonly<Record<string, { readonly signed: boolean; readonly apply: Transform }>> = {
  Identity: { signed: false, apply: (image) => image },
  ShearX: { signed: true, apply: (image, by, fill) => sampled(image, fill, (x, y) => [x + 0.3 * by * y, y]) },
  ShearY: { signed: true, apply: (image, by, fill) => sampled(image, fill, (x, y) => [x, y + 0.3 * by * x]) },
  TranslateX: { signed: true, apply: (image, by, fill) => shifted(image, fill, pixels(image.width, by), 0) },
  TranslateY: { signed: true, apply: (image, by, fill) => shifted(image, fill, 0, pixels(image.height, by)) },
  Rotate: { signed: true, apply: rotated },
  Brightness: { signed: true, apply: (image, by) => mapped(image, (value) => clamp(value * (1 + 0.9 * by))) },
  Color: { signed: true, apply: (image, by) => saturate(image, 1 + 0.9 * by) },
  Contrast: { signed: true, apply: (image, by) => contrast(image, 1 + 0.9 * by) },
  Sharpness: { signed: true, apply: (image, by) => sharpened(image, 1 + 0.9 * by) },
  Posterize: { signed: false, apply: posterized },
  Solarize: {
    signed: false,
    apply: (image, by) => mapped(image, (value) => (value >= 255 * (1 - by) ? 255 - value : value)),
  },
  AutoContrast: { signed: false, apply: (image) => stretched(image) },
  Equalize: { signed: false, apply: (image) => equalized(image) },
}

/** RandAugment: `count` random transforms of the same magnitude, each in a random direction. */
export function randAugment(image: AnyImage, { count, magnitude, fill }: Options, random: Random): AnyImage {
  const all = Object.values(transforms)
  let result = image
  for (let round = 0; round < count; round++) {
    const { signed, apply } = elementAt(all, random.integer(all.length))
    const direction = random.uniform() < 0.5 ? -1 : 1
    result = apply(result, (magnitude / mostMagnitude) * (signed ? direction : 1), fill)
  }
  return result
}

/** Samples the nearest pixel: `from` maps each position of the result to a position in the image, in pixels from the top left corner. */
function sampled(
  { width, height, data }: AnyImage,
  fill: number,
  from: (x: number, y: number) => readonly [x: number, y: number],
): FloatImage {
  const out = new Float32Array(data.length).fill(fill)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) {
      // Pixels are squares; their centres are half a pixel from the corner.
      const [fromX, fromY] = from(x + 0.5, y + 0.5)
      const [column, row] = [Math.floor(fromX), Math.floor(fromY)]
      if (column < 0 || column >= width || row < 0 || row >= height) continue
      const at = (row * width + column) * 3
      out.set(data.subarray(at, at + 3), to)
    }
  return { width, height, data: out }
}

function shifted(image: AnyImage, fill: number, right: number, down: number): FloatImage {
  return sampled(image, fill, (x, y) => [x - right, y - down])
}

/** A translation by at most 150 of 331 pixels, in whole pixels. */
function pixels(size: number, by: number): number {
  return Math.trunc((150 / 331) * size * by)
}

/** Rotates about the centre by at most 30 degrees, counter-clockwise for a positive strength. */
function rotated(image: AnyImage, by: number, fill: number): FloatImage {
  const angle = (30 * by * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [centreX, centreY] = [image.width / 2, image.height / 2]
  return sampled(image, fill, (x, y) => {
    const [dx, dy] = [x - centreX, y - centreY]
    return [centreX + cos * dx - sin * dy, centreY + sin * dx + cos * dy]
  })
}

/** Blends with the image blurred by a 3x3 kernel whose centre counts five times; the outermost pixels stay. */
function sharpened({ width, height, data }: AnyImage, factor: number): FloatImage {
  const out = Float32Array.from(data)
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++)
      for (let c = 0; c < 3; c++) {
        const at = (y * width + x) * 3 + c
        let sum = 4 * (data[at] as number)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) sum += data[at + (dy * width + dx) * 3] as number
        out[at] = clamp(factor * (data[at] as number) + (1 - factor) * (sum / 13))
      }
  return { width, height, data: out }
}

/** Keeps 8 to 4 bits of each value. */
function posterized(image: AnyImage, by: number): FloatImage {
  const step = 2 ** Math.round(4 * by)
  return mapped(image, (value) => Math.floor(value / step) * step)
}

/** Stretches each channel from its least and largest value to 0 and 255. */
function stretched(image: AnyImage): FloatImage {
  const bounds = [0, 1, 2].map((channel) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = channel; at < image.data.length; at += 3) {
      least = Math.min(least, image.data[at] as number)
      most = Math.max(most, image.data[at] as number)
    }
    return { least, scale: most > least ? 255 / (most - least) : undefined }
  })
  return mapped(image, (value, channel) => {
    const { least, scale } = bounds[channel] as (typeof bounds)[number]
    return scale === undefined ? value : clamp((value - least) * scale)
  })
}

/** Equalises the histogram of each channel, over 256 whole values, as Pillow does. */
function equalized(image: AnyImage): FloatImage {
  const tables = [0, 1, 2].map((channel) => {
    const counts = new Array<number>(256).fill(0)
    for (let at = channel; at < image.data.length; at += 3) {
      const value = level(image.data[at] as number)
      counts[value] = (counts[value] as number) + 1
    }
    const last = counts.findLastIndex((count) => count > 0)
    const step = Math.floor((image.width * image.height - (counts[last] ?? 0)) / 255)
    if (step === 0) return undefined
    let below = Math.floor(step / 2)
    return counts.map((count) => {
      const value = Math.min(255, Math.floor(below / step))
      below += count
      return value
    })
  })
  return mapped(image, (value, channel) => tables[channel]?.[level(value)] ?? value)
}

/** The whole value, 0 to 255, that a value belongs to. */
function level(value: number): number {
  return Math.floor(clamp(value))
}

function mapped({ width, height, data }: AnyImage, change: (value: number, channel: number) => number): FloatImage {
  const out = Float32Array.from(data)
  for (let at = 0; at < out.length; at++) out[at] = change(out[at] as number, at % 3)
  return { width, height, data: out }
}
