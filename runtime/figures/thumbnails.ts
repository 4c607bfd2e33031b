import type { Thumbnail } from '../../compiler/diagram/diagram.js'
import { spatialValues } from '../../compiler/diagram/fold.js'
import { type Graph, sameValue, typeOf, type ValueRef } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { elementAt, present } from '../../grammar/present.js'
import { drawHeat } from '../images/overlay.js'
import type { RgbImage } from '../images/rgb_image.js'
import { loadSharp } from '../images/sharp.js'
import type { Outputs } from '../inference/answer.js'
import { channelsFirst } from '../inference/channels_first.js'
import { type InnerRequest, innerValues } from '../inference/inner_values.js'
import { pixelsOf } from './image_pixels.js'

/** The longer side of a thumbnail in the figure, and of its file, in pixels. */
const side = 104
const fileSide = 312

/**
 * Thumbnails for the boxes of a model's figure, by the boxes' paths: images as the model's input, and of feature maps the mean magnitude over
 * channels, drawn over the image that they were computed from.
 */
export async function thumbnailsOf(graph: Graph, request: InnerRequest): Promise<ReadonlyMap<string, Thumbnail>> {
  const inference = specialise(graph, 'inference')
  const images = new ImageValues(inference)
  const shown = [...spatialValues(inference)]
  // Boxes share values, and most maps the image below them.
  const values = new Map(
    shown.flatMap(([, value]) => [value, images.below(value)]).map((value) => [keyOf(value), value] as const),
  )
  const results = await innerValues(inference, [...values.values()], request)
  const outputs = new Map([...values.keys()].map((key, index) => [key, elementAt(results, index)] as const))
  const outputOf = (value: ValueRef) => present(outputs.get(keyOf(value)), keyOf(value))
  const pixels = new Map<string, RgbImage>()
  for (const [key, value] of values) if (images.has(value)) pixels.set(key, pixelsOf(outputOf(value), graph.image))
  const found = new Map<string, Thumbnail>()
  for (const [box, value] of shown) {
    const image = present(pixels.get(keyOf(images.below(value))), 'the image below a map')
    found.set(box, await thumbnailOf(images.has(value) ? image : await heated(image, outputOf(value))))
  }
  return found
}

function keyOf({ node, output }: ValueRef): string {
  return `${node}.${output}`
}

/** Values that are images: the input, and what samplers make of it. */
class ImageValues {
  constructor(private readonly graph: Graph) {}

  has(value: ValueRef): boolean {
    if (sameValue(value, this.graph.image.value)) return true
    const node = elementAt(this.graph.nodes, value.node)
    const { shape } = typeOf(this.graph, value)
    const [first] = node.inputs
    const learned = Object.keys(node.parameters).length > 0
    return first !== undefined && !learned && shape.length === 4 && shape[1]?.size === 3 && this.has(first.value)
  }

  /** The nearest image that a value was computed from. */
  below(value: ValueRef): ValueRef {
    if (this.has(value)) return value
    const [first] = elementAt(this.graph.nodes, value.node).inputs
    return first ? this.below(first.value) : this.graph.image.value
  }
}

async function heated(image: RgbImage, output: Outputs[string]): Promise<RgbImage> {
  const { values, shape } = channelsFirst(output)
  const [h, w] = [present(shape.at(-2), 'the height of a map'), present(shape.at(-1), 'the width of a map')]
  const channels = shape.length === 4 ? elementAt(shape, 1) : 1
  const attention = new Float32Array(h * w)
  for (let channel = 0; channel < channels; channel++)
    for (let cell = 0; cell < h * w; cell++)
      attention[cell] = elementAt(attention, cell) + Math.abs(elementAt(values, channel * h * w + cell)) / channels
  return drawHeat(image, { attention, h, w })
}

async function thumbnailOf({ width, height, data }: RgbImage): Promise<Thumbnail> {
  const sharp = await loadSharp()
  const scale = side / Math.max(width, height)
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(Math.round(fileSide * Math.min(1, width / height)), Math.round(fileSide * Math.min(1, height / width)), {
      fit: 'fill',
    })
    .png({ compressionLevel: 9 })
    .toBuffer()
  return { png: png.toString('base64'), width: Math.round(width * scale), height: Math.round(height * scale) }
}
