import type { ImageInput } from '../../compiler/graph/graph.js'
import { elementAt } from '../../grammar/present.js'
import { preprocess } from '../images/preprocess.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { Outputs } from '../inference/answer.js'

/** Converts an image inside a model, [1, height, width, 3] on the scale of its input, back to pixels. */
export function pixelsOf({ values, shape }: Outputs[string], { steps, height: side }: ImageInput): RgbImage {
  const [, height, width] = [0, 1, 2].map((axis) => elementAt(shape, axis))
  if (height === undefined || width === undefined) throw new Error('an image without height and width')
  // Image steps map each channel linearly, so black and white determine the mapping.
  const [black, white] = [0, 255].map((level) => {
    const even = { width: side, height: side, data: new Uint8Array(side * side * 3).fill(level) }
    return preprocess(even, steps)
  })
  if (!black || !white) throw new Error('images of one colour were not prepared')
  const data = Uint8Array.from({ length: height * width * 3 }, (_, index) => {
    const [low, high] = [elementAt(black, index % 3), elementAt(white, index % 3)]
    return Math.min(255, Math.max(0, Math.round(((elementAt(values, index) - low) / (high - low)) * 255)))
  })
  return { width, height, data }
}
