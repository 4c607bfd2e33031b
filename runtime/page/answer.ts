/** Runs an exported file on an image in a browser. */

import { type InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import type { ResizedInput } from '../../compiler/targets/onnx/resized_input.js'
import { resizeStrips } from '../images/resize.js'
import type { SeenAnswer } from './drawing.js'

export interface Answer extends SeenAnswer {
  readonly probabilities: Float32Array
  /** Time from the decoded image to the answer. */
  readonly milliseconds: number
  /** Time of the model alone. */
  readonly modelMilliseconds: number
}

export async function bytesOf(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`data:application/octet-stream;base64,${base64}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Yields strips of RGBA of 8 bits from the top down, transparent pixels on white. */
function* stripsOf(image: ImageBitmap, rows: number): Generator<Uint8ClampedArray> {
  const { width, height } = image
  const canvas = new OffscreenCanvas(width, Math.min(rows, height))
  // Reading the pixels at once avoids a copy to the GPU.
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser cannot read images')
  context.fillStyle = '#fff'
  for (let top = 0; top < height; top += canvas.height) {
    context.fillRect(0, 0, width, canvas.height)
    context.drawImage(image, 0, -top)
    yield context.getImageData(0, 0, width, Math.min(canvas.height, height - top)).data
  }
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

/** Returns the input of a file that resizes images itself: uint8 [1, height, width, 3]. */
function wholeInput(image: ImageBitmap): Tensor {
  const pixels = new Uint8Array(image.width * image.height * 3)
  let at = 0
  for (const strip of stripsOf(image, stripRows)) {
    pixels.set(withoutAlpha(strip), at)
    at += (strip.length / 4) * 3
  }
  return new Tensor('uint8', pixels, [1, image.height, image.width, 3])
}

/** A strip of a photo of 12 megapixels takes 2 MB. */
const stripRows = 128

/** Returns the input of a file that begins after its resize: float32 [1, 3, size, size]. */
function resizedInput(image: ImageBitmap, { size, interpolation }: ResizedInput): Tensor {
  const { width, height } = image
  const bytes = function* () {
    for (const { buffer, byteOffset, length } of stripsOf(image, stripRows))
      yield new Uint8Array(buffer, byteOffset, length)
  }
  const pixels = resizeStrips({ width, height, strips: bytes(), stride: 4 }, size, size, interpolation)
  const planes = new Float32Array(pixels.length)
  const plane = size * size
  for (let from = 0, to = 0; from < pixels.length; from += 3, to++) {
    planes[to] = pixels[from] as number
    planes[to + plane] = pixels[from + 1] as number
    planes[to + 2 * plane] = pixels[from + 2] as number
  }
  return new Tensor('float32', planes, [1, 3, size, size])
}

/**
 * Runs the file on an image.
 *
 * @param resize how the image is resized before, for a file that begins after its resize
 */
export async function ask(session: InferenceSession, image: ImageBitmap, resize?: ResizedInput): Promise<Answer> {
  const began = performance.now()
  const [input = 'image'] = session.inputNames
  const tensor = resize ? resizedInput(image, resize) : wholeInput(image)
  const prepared = performance.now()
  const results = await session.run({ [input]: tensor })
  const floats = (name: string) => {
    const data = results[name]?.data
    return data instanceof Float32Array ? data : undefined
  }
  const [prediction = 'probabilities'] = session.outputNames
  const probabilities = floats(prediction)
  if (!probabilities) throw new Error('the model gave no probabilities')
  const [box, values] = [floats('boxes'), floats('attention')]
  const [, height = 1, width = 1] = results.attention?.dims ?? []
  const ended = performance.now()
  return {
    probabilities,
    milliseconds: ended - began,
    modelMilliseconds: ended - prepared,
    ...(box && { box }),
    ...(values && { attention: { values, height, width } }),
  }
}
