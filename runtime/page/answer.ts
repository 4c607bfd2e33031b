/** Runs an exported file on an image in a browser, and draws the answer. */

import { type InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { type View, wholeImage } from '../../compiler/graph/view.js'

export interface Answer {
  readonly probabilities: Float32Array
  readonly box?: Float32Array
  readonly attention?: { readonly values: Float32Array; readonly height: number; readonly width: number }
  readonly milliseconds: number
}

export async function bytesOf(base64: string): Promise<Uint8Array> {
  const response = await fetch(`data:application/octet-stream;base64,${base64}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Decoded RGB as the file wants it: uint8 [1, height, width, 3]. */
function pixelsOf(image: ImageBitmap): Uint8Array {
  const canvas = new OffscreenCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser cannot read images')
  // Transparent pixels become white.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, image.width, image.height)
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  const pixels = new Uint8Array(image.width * image.height * 3)
  for (let pixel = 0; pixel < image.width * image.height; pixel++)
    pixels.set(data.subarray(pixel * 4, pixel * 4 + 3), pixel * 3)
  return pixels
}

/** Runs the file on an image. */
export async function ask(session: InferenceSession, image: ImageBitmap): Promise<Answer> {
  const began = performance.now()
  const results = await session.run({ image: new Tensor('uint8', pixelsOf(image), [1, image.height, image.width, 3]) })
  const floats = (name: string) => {
    const data = results[name]?.data
    return data instanceof Float32Array ? data : undefined
  }
  const [prediction = 'probabilities'] = session.outputNames
  const probabilities = floats(prediction)
  if (!probabilities) throw new Error('the model gave no probabilities')
  const [box, values] = [floats('boxes'), floats('attention')]
  const [, height = 1, width = 1] = results.attention?.dims ?? []
  return {
    probabilities,
    milliseconds: performance.now() - began,
    ...(box && { box }),
    ...(values && { attention: { values, height, width } }),
  }
}

/** The image, where the model looked if `heat`, and the part that it cut out. `view` is what the model sees of an image. */
export function drawSeen(
  canvas: HTMLCanvasElement,
  image: ImageBitmap,
  { attention, box }: Answer,
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

/** The stronger the redder, and the less transparent. */
function heatmap({ values, height, width }: NonNullable<Answer['attention']>): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height)
  const largest = values.reduce((most, value) => Math.max(most, value), 1e-12)
  const pixels = new ImageData(width, height)
  values.forEach((value, cell) => {
    const share = Math.max(0, value) / largest
    pixels.data.set([255, 220 * share ** 2, 40, 190 * share], cell * 4)
  })
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
  return canvas
}

/** The part that was cut out, alone. */
export function drawPart(canvas: HTMLCanvasElement, image: ImageBitmap, { box }: Answer): void {
  const [y1 = 0, x1 = 0, y2 = 1, x2 = 1] = box ?? []
  const [width, height] = [(x2 - x1) * image.width, (y2 - y1) * image.height]
  canvas.width = 320
  canvas.height = Math.max(1, Math.round((320 * height) / Math.max(1, width)))
  canvas
    .getContext('2d')
    ?.drawImage(image, x1 * image.width, y1 * image.height, width, height, 0, 0, canvas.width, canvas.height)
}
