/** Draws attention map and crop in a browser. */

import { type View, wholeImage } from '../../compiler/graph/view.js'

/** The crop and the map that it was taken from. */
export interface SeenAnswer {
  /** y1, x1, y2, x2 in fractions of the image. */
  readonly box?: Float32Array | readonly number[]
  /** Row by row. */
  readonly attention?: {
    readonly values: Float32Array | readonly number[]
    readonly height: number
    readonly width: number
  }
}

/** Draws the image, the attention map if `heat`, and the crop's box. `view` is the part of the image that the model sees. */
export function drawSeen(
  canvas: HTMLCanvasElement,
  image: ImageBitmap,
  { attention, box }: SeenAnswer,
  heat: boolean,
  { offset, share }: View = wholeImage,
): void {
  ;[canvas.width, canvas.height] = [image.width, image.height]
  const context = canvas.getContext('2d')
  if (!context) return
  context.drawImage(image, 0, 0)
  if (attention && heat) {
    context.imageSmoothingQuality = 'high'
    const { width, height } = image
    context.drawImage(heatmap(attention), offset * width, offset * height, share * width, share * height)
  }
  const [y1, x1, y2, x2] = box ?? []
  if (y1 === undefined || x1 === undefined || y2 === undefined || x2 === undefined) return
  const line = Math.max(2, Math.min(image.width, image.height) / 100)
  for (const [colour, width] of [
    ['#000a', line * 2],
    ['#fff', line],
  ] as const) {
    context.strokeStyle = colour
    context.lineWidth = width
    context.strokeRect(x1 * image.width, y1 * image.height, (x2 - x1) * image.width, (y2 - y1) * image.height)
  }
}

/** Stronger attention is redder and less transparent. */
function heatmap({ values: given, height, width }: NonNullable<SeenAnswer['attention']>): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height)
  const values = Array.from(given)
  const largest = values.reduce((most, value) => Math.max(most, value), 1e-12)
  const pixels = new ImageData(width, height)
  values.forEach((value, cell) => {
    const share = Math.max(0, value) / largest
    pixels.data.set([255, 220 * share ** 2, 40, 190 * share], cell * 4)
  })
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
  return canvas
}

/** Draws the crop alone. */
export function drawPart(canvas: HTMLCanvasElement, image: ImageBitmap, { box }: Pick<SeenAnswer, 'box'>): void {
  const [y1 = 0, x1 = 0, y2 = 1, x2 = 1] = box ?? []
  const [width, height] = [(x2 - x1) * image.width, (y2 - y1) * image.height]
  canvas.width = 320
  canvas.height = Math.max(1, Math.round((320 * height) / Math.max(1, width)))
  canvas
    .getContext('2d')
    ?.drawImage(image, x1 * image.width, y1 * image.height, width, height, 0, 0, canvas.width, canvas.height)
}
