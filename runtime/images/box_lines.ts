import type { Box, RgbImage } from './rgb_image.js'

interface Stroke {
  readonly colour: readonly [red: number, green: number, blue: number]
  readonly opacity: number
  readonly width: number
  /** The lengths of a dash and of the gap after it; a solid line by default. */
  readonly dash?: readonly [dash: number, gap: number]
}

/** Draws boxes onto an RGB image: the crop white with a dark outline, so that it is visible on any image; the ground truth green and dashed. */
export function drawBoxes(image: RgbImage, box: Box, truth: Box | undefined): void {
  const line = Math.max(2, Math.round(Math.min(image.width, image.height) / 100))
  if (truth) stroke(image, truth, line, { colour: [51, 221, 51], opacity: 1, width: line, dash: [line * 3, line * 2] })
  stroke(image, box, line, { colour: [0, 0, 0], opacity: 0.7, width: line * 2 })
  stroke(image, box, line, { colour: [255, 255, 255], opacity: 1, width: line })
}

/** Draws along the sides of a box, at least `inset` pixels inside the image. */
function stroke({ width, height, data }: RgbImage, { y1, x1, y2, x2 }: Box, inset: number, style: Stroke): void {
  const left = Math.round(Math.max(inset, x1 * width))
  const top = Math.round(Math.max(inset, y1 * height))
  const right = Math.max(left, Math.round(Math.min(width - inset, x2 * width)))
  const bottom = Math.max(top, Math.round(Math.min(height - inset, y2 * height)))
  const half = style.width / 2
  for (let y = Math.max(0, Math.floor(top - half)); y < Math.min(height, bottom + half); y++)
    for (let x = Math.max(0, Math.floor(left - half)); x < Math.min(width, right + half); x++) {
      const onRow = Math.min(Math.abs(y + 0.5 - top), Math.abs(y + 0.5 - bottom)) < half
      const onColumn = Math.min(Math.abs(x + 0.5 - left), Math.abs(x + 0.5 - right)) < half
      if ((onRow || onColumn) && isDrawn(onRow ? x - left : y - top, style.dash))
        blend(data, (y * width + x) * 3, style)
    }
}

function isDrawn(along: number, dash: Stroke['dash']): boolean {
  return dash === undefined || Math.max(0, along) % (dash[0] + dash[1]) < dash[0]
}

function blend(data: Uint8Array, at: number, { colour, opacity }: Stroke): void {
  for (const [channel, value] of colour.entries())
    data[at + channel] = Math.round((data[at + channel] as number) * (1 - opacity) + value * opacity)
}
