import type { AnyImage, FloatImage } from './rgb_image.js'

// One function per step, as in changes.ts: each returns a new image. Values are clipped to 0 to 255 until `normalize`.

/** Luma of sRGB values (ITU-R BT.601), as Pillow and torchvision turn colour to grey. */
const RED = 0.299
const GREEN = 0.587
const BLUE = 0.114

/** Adds a share of the full range to every value. */
export function brighten(image: AnyImage, by: number): FloatImage {
  const shift = by * 255
  return withPixels(image, (from, to, i) => {
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) + shift)
  })
}

/** Multiplies every value's distance from the mean luma of the image; 1 leaves it, 0 gives flat grey. */
export function contrast(image: AnyImage, by: number): FloatImage {
  let sum = 0
  for (let i = 0; i < image.data.length; i += 3) sum += lumaAt(image.data, i)
  const rest = (1 - by) * (sum / (image.width * image.height))
  return withPixels(image, (from, to, i) => {
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) * by + rest)
  })
}

/** Multiplies every pixel's distance from its own grey; 1 leaves it, 0 gives a grey image. */
export function saturate(image: AnyImage, by: number): FloatImage {
  return withPixels(image, (from, to, i) => {
    const rest = (1 - by) * lumaAt(from, i)
    for (let c = i; c < i + 3; c++) to[c] = clamp((from[c] as number) * by + rest)
  })
}

/** Turns every colour on the wheel of hues (of hue, saturation and value) by a share of a full turn. */
export function turnHue(image: AnyImage, by: number): FloatImage {
  return withPixels(image, (from, to, i) => {
    const red = from[i] as number
    const green = from[i + 1] as number
    const blue = from[i + 2] as number
    const most = Math.max(red, green, blue)
    const spread = most - Math.min(red, green, blue)
    if (spread === 0) {
      to[i] = to[i + 1] = to[i + 2] = most
      return
    }
    // In sixths of the wheel, red at 0, green at 2, blue at 4.
    const hue =
      most === red ? (green - blue) / spread : most === green ? 2 + (blue - red) / spread : 4 + (red - green) / spread
    const turned = hue + 6 * by
    to[i] = most - spread * away(turned)
    to[i + 1] = most - spread * away(turned - 2)
    to[i + 2] = most - spread * away(turned - 4)
  })
}

/** How far a colour of this hue (in sixths of the wheel) falls below its brightest channel in the channel at hue 0, from 0 to 1. */
function away(hue: number): number {
  const distance = Math.abs(hue - 6 * Math.round(hue / 6))
  return Math.min(1, Math.max(0, distance - 1))
}

/** (value / 255 - mean) / deviation, each for red, green and blue. */
export function normalize(
  image: AnyImage,
  mean: readonly [number, number, number],
  deviation: readonly [number, number, number],
): FloatImage {
  const factors = deviation.map((d) => 1 / (255 * d))
  const shifts = deviation.map((d, c) => (mean[c] as number) / d)
  const [f0, f1, f2] = factors as [number, number, number]
  const [s0, s1, s2] = shifts as [number, number, number]
  return withPixels(image, (from, to, i) => {
    to[i] = (from[i] as number) * f0 - s0
    to[i + 1] = (from[i + 1] as number) * f1 - s1
    to[i + 2] = (from[i + 2] as number) * f2 - s2
  })
}

type Values = Uint8Array | Float32Array

function withPixels(image: AnyImage, change: (from: Values, to: Float32Array, index: number) => void): FloatImage {
  const data = new Float32Array(image.data.length)
  for (let i = 0; i < data.length; i += 3) change(image.data, data, i)
  return { width: image.width, height: image.height, data }
}

function lumaAt(data: Values, i: number): number {
  return RED * (data[i] as number) + GREEN * (data[i + 1] as number) + BLUE * (data[i + 2] as number)
}

/** Limits a value to the range 0 to 255. */
export function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 255)
}
