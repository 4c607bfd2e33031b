import { type View, wholeImage } from '../../compiler/graph/view.js'
import { drawBoxes } from './box_lines.js'
import type { Box, RgbImage } from './rgb_image.js'
import { loadSharp } from './sharp.js'

export interface Heat {
  /** [h, w], the map that a crop was computed from; transparent where it is not positive. */
  readonly attention: Float32Array
  readonly h: number
  readonly w: number
  /** The part of the image that the map covers; all of it by default. */
  readonly view?: View
}

export interface Marks extends Heat {
  readonly box: Box
  /** The annotated box of the object, if there is one. */
  readonly truth?: Box
}

type Colour = readonly [red: number, green: number, blue: number]

/** Stops of the "inferno" colour map, dark to bright. */
const colours: readonly Colour[] = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
]

/** Returns the image with its heatmap and the crop's box as a PNG. */
export async function drawOverlay(image: RgbImage, marks: Marks): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const heated = await drawHeat(image, marks)
  drawBoxes(heated, marks.box, marks.truth)
  return sharp(heated.data, { raw: { width: heated.width, height: heated.height, channels: 3 } })
    .png()
    .toBuffer()
}

/** Returns the image with a heatmap. */
export async function drawHeat(image: RgbImage, marks: Heat): Promise<RgbImage> {
  const sharp = await loadSharp()
  const { width, height } = image
  const { offset, share } = marks.view ?? wholeImage
  const [heatWidth, heatHeight] = [width, height].map((side) => Math.max(1, Math.round(side * share)))
  const heat = await sharp(heatPixels(marks), { raw: { width: marks.w, height: marks.h, channels: 4 } })
    .resize(heatWidth, heatHeight, { kernel: 'cubic', fit: 'fill' })
    .png()
    .toBuffer()
  const place = { left: Math.floor(width * offset), top: Math.floor(height * offset) }
  const data = await sharp(image.data, { raw: { width, height, channels: 3 } })
    .composite([{ input: heat, ...place }])
    .removeAlpha()
    .raw()
    .toBuffer()
  return { width, height, data }
}

/** Returns RGBA pixels, whose opacity grows with the value. */
function heatPixels({ attention, h, w }: Heat): Uint8Array {
  const largest = attention.reduce((most, value) => Math.max(most, value), 0)
  const pixels = new Uint8Array(h * w * 4)
  for (let cell = 0; cell < h * w; cell++) {
    const share = largest > 0 ? Math.max(0, attention[cell] as number) / largest : 0
    pixels.set([...colourAt(share), Math.round(200 * share)], cell * 4)
  }
  return pixels
}

function colourAt(share: number): number[] {
  const place = share * (colours.length - 1)
  const low = Math.min(Math.floor(place), colours.length - 2)
  const [from, to] = [colours[low] as Colour, colours[low + 1] as Colour]
  return from.map((value, channel) => Math.round(value + ((to[channel] as number) - value) * (place - low)))
}

/** The part of the image inside the box, at least one pixel. */
export function cropImage({ width, height, data }: RgbImage, { y1, x1, y2, x2 }: Box): RgbImage {
  const edge = (share: number, length: number) => Math.min(length, Math.max(0, Math.round(share * length)))
  const [top, left] = [Math.min(edge(y1, height), height - 1), Math.min(edge(x1, width), width - 1)]
  const [rows, columns] = [Math.max(1, edge(y2, height) - top), Math.max(1, edge(x2, width) - left)]
  const cut = new Uint8Array(rows * columns * 3)
  for (let row = 0; row < rows; row++) {
    const start = ((top + row) * width + left) * 3
    cut.set(data.subarray(start, start + columns * 3), row * columns * 3)
  }
  return { width: columns, height: rows, data: cut }
}
