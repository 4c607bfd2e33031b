/** Runs an exported file on an image in a browser. */

import { type InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import type { SeenAnswer } from './drawing.js'

export interface Answer extends SeenAnswer {
  readonly probabilities: Float32Array
  readonly milliseconds: number
}

export async function bytesOf(base64: string): Promise<Uint8Array<ArrayBuffer>> {
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
  return withoutAlpha(context.getImageData(0, 0, image.width, image.height).data)
}

/** Returns the RGB of RGBA. */
export function withoutAlpha(data: Uint8ClampedArray): Uint8Array {
  const pixels = new Uint8Array((data.length / 4) * 3)
  // Without a view of each pixel: that costs seconds for a large photo.
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    pixels[to] = data[from] as number
    pixels[to + 1] = data[from + 1] as number
    pixels[to + 2] = data[from + 2] as number
  }
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
