import type { AnyImage } from './rgb_image.js'

/** RGB pixels of `stride` values each: 4 for RGBA, whose alpha is ignored. */
interface Pixels extends AnyImage {
  readonly stride: 3 | 4
}

/** The input samples of each output sample along one axis: `count` weights starting at `first`, with the same count for all. */
interface Taps {
  readonly count: number
  readonly first: Int32Array
  /** [output length, count]; rows sum to 1 */
  readonly weights: Float64Array
}

export type Interpolation = 'bilinear' | 'bicubic'

/** A filter kernel, a function of the distance from the centre in pixels, and its radius. */
const filters: Readonly<Record<Interpolation, { readonly reach: number; weight(distance: number): number }>> = {
  bilinear: { reach: 1, weight: (distance) => Math.max(0, 1 - distance) },
  // Keys 1981, equation 4, with a = -0.5.
  bicubic: {
    reach: 2,
    weight(distance) {
      if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1
      return distance < 2 ? ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 : 0
    },
  },
}

const kept = new Map<string, Taps>()
const MOST_KEPT = 256

/**
 * The filter of half-pixel resizing. When the image shrinks, the filter grows by the same factor, so every input pixel counts
 * (antialiasing). What would fall outside the image is left out and the rest scaled to sum to 1.
 */
function tapsOf(input: number, output: number, interpolation: Interpolation): Taps {
  const key = `${input}:${output}:${interpolation}`
  const found = kept.get(key)
  if (found) return found

  const scale = input / output
  const filter = filters[interpolation]
  const stretch = Math.max(1, scale)
  const reach = filter.reach * stretch
  const count = Math.min(input, Math.ceil(reach) * 2 + 1)
  const first = new Int32Array(output)
  const weights = new Float64Array(output * count)
  for (let o = 0; o < output; o++) {
    const centre = (o + 0.5) * scale
    const start = Math.min(Math.max(0, Math.floor(centre - reach)), input - count)
    let sum = 0
    for (let t = 0; t < count; t++) {
      const weight = filter.weight(Math.abs(start + t + 0.5 - centre) / stretch)
      weights[o * count + t] = weight
      sum += weight
    }
    for (let t = 0; t < count; t++) weights[o * count + t] = (weights[o * count + t] as number) / sum
    first[o] = start
  }

  const taps = { count, first, weights }
  // Sizes come from the data, so the table has to have an end; the oldest entry goes.
  if (kept.size >= MOST_KEPT) for (const oldest of kept.keys()) if (kept.delete(oldest)) break
  kept.set(key, taps)
  return taps
}

/**
 * Stretches an image to width x height. Returns [height, width, 3] floats on the input's scale, rounded nowhere; the overshoot of the
 * cubic filter is clamped to 0 to 255.
 *
 * The same as Pillow's `resize(..., BILINEAR)` or `BICUBIC` on float images, torchvision's `resize(antialias=True)`, and ONNX `Resize` with
 * mode=linear or cubic (cubic_coeff_a=-0.5), antialias=1, coordinate_transformation_mode=half_pixel and exclude_outside=1. Without that last
 * attribute ONNX Runtime repeats the edge pixel outside the image instead, and the outermost rows and columns differ by up to a tenth.
 */
export function resizeImage(
  image: AnyImage,
  width: number,
  height: number,
  interpolation: Interpolation = 'bilinear',
): Float32Array {
  return resizeStrips({ ...image, strips: [image.data], stride: 3 }, width, height, interpolation)
}

/** An image in strips of whole rows, from the top down. */
interface Strips extends Pick<Pixels, 'width' | 'height' | 'stride'> {
  readonly strips: Iterable<AnyImage['data']>
}

/** As `resizeImage`, of an image of which only a strip is in memory at a time. */
export function resizeStrips(
  { strips, width: fromWidth, height: fromHeight, stride }: Strips,
  width: number,
  height: number,
  interpolation: Interpolation,
): Float32Array {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`cannot resize to ${width} x ${height}`)
  }
  const narrow = new Float32Array(fromHeight * width * 3)
  let rows = 0
  for (const data of strips) {
    const strip = { data, width: fromWidth, height: data.length / (fromWidth * stride), stride }
    across(strip, width, interpolation, narrow.subarray(rows * width * 3))
    rows += strip.height
  }
  if (rows !== fromHeight) throw new RangeError(`the strips have ${rows} of ${fromHeight} rows`)
  const resized = down(narrow, fromHeight, width, height, interpolation)
  if (interpolation === 'bicubic')
    for (let i = 0; i < resized.length; i++) resized[i] = Math.min(255, Math.max(0, resized[i] as number))
  return resized
}

function across(from: Pixels, width: number, interpolation: Interpolation, out: Float32Array): void {
  const { data, stride } = from
  const { count, first, weights } = tapsOf(from.width, width, interpolation)
  for (let y = 0, at = 0; y < from.height; y++) {
    const row = y * from.width * stride
    for (let x = 0; x < width; x++) {
      let red = 0
      let green = 0
      let blue = 0
      let i = row + (first[x] as number) * stride
      for (let w = x * count, end = w + count; w < end; w++, i += stride) {
        const weight = weights[w] as number
        red += weight * (data[i] as number)
        green += weight * (data[i + 1] as number)
        blue += weight * (data[i + 2] as number)
      }
      out[at++] = red
      out[at++] = green
      out[at++] = blue
    }
  }
}

function down(
  data: Float32Array,
  fromHeight: number,
  width: number,
  height: number,
  interpolation: Interpolation,
): Float32Array {
  if (fromHeight === height) return data.slice()
  const { count, first, weights } = tapsOf(fromHeight, height, interpolation)
  const stride = width * 3
  const out = new Float32Array(height * stride)
  const sums = new Float64Array(stride)
  for (let y = 0; y < height; y++) {
    sums.fill(0)
    for (let t = 0; t < count; t++) {
      const weight = weights[y * count + t] as number
      if (weight === 0) continue
      const row = ((first[y] as number) + t) * stride
      for (let i = 0; i < stride; i++) sums[i] = (sums[i] as number) + weight * (data[row + i] as number)
    }
    out.set(sums, y * stride)
  }
  return out
}
