import type { Positions } from '../../compiler/graph/graph.js'
import type { StoredTensor } from './weight_file.js'

/** The parameter a of the cubic kernel of PyTorch's antialiased resize. */
const sharpness = -0.5

/** Returns the side of the square grid of a stored position embedding; undefined if its rows are not the prefix and a square. */
export function storedGrid(
  shape: readonly number[],
  wanted: readonly number[],
  { prefix }: Positions,
): number | undefined {
  const axis = wanted.length - 2
  const others = (sizes: readonly number[]) => sizes.filter((_, index) => index !== axis).join()
  const rows = shape[axis]
  if (rows === undefined || shape.length !== wanted.length || others(shape) !== others(wanted)) return undefined
  const side = Math.sqrt(rows - prefix)
  return Number.isInteger(side) && side > 0 ? side : undefined
}

/**
 * Resizes a stored position embedding [..., prefix + cells, features] to another grid of cells, bicubically and with antialiasing; the rows
 * before the cells, such as that of a class token, stay. As timm's resample_abs_pos_embed does.
 */
export function resamplePositions(
  { values }: StoredTensor,
  side: number,
  shape: readonly number[],
  { grid: [height, width], prefix }: Positions,
): StoredTensor {
  const features = shape[shape.length - 1] ?? 1
  const rows = resizeRows(values.subarray(prefix * features), side, side * features, 1, height)
  const cells = resizeRows(rows, side, features, height, width)
  const resized = new Float32Array((prefix + height * width) * features)
  resized.set(values.subarray(0, prefix * features))
  resized.set(cells, prefix * features)
  return { shape, values: resized }
}

/** Resizes the middle axis of [outer, from, inner] to `to`. */
function resizeRows(
  values: Float32Array | Float64Array,
  from: number,
  inner: number,
  outer: number,
  to: number,
): Float64Array {
  const out = new Float64Array(outer * to * inner)
  const weights = Array.from({ length: to }, (_, index) => weightsOf(index, from, to))
  for (let o = 0; o < outer; o++)
    for (const [index, { first, shares }] of weights.entries())
      for (const [tap, share] of shares.entries()) {
        const source = (o * from + first + tap) * inner
        const target = (o * to + index) * inner
        for (let i = 0; i < inner; i++) out[target + i] = (out[target + i] ?? 0) + share * (values[source + i] ?? 0)
      }
  return out
}

/** The source cells of each output cell, and their weights: a cubic kernel, scaled up when the grid shrinks. */
function weightsOf(
  index: number,
  from: number,
  to: number,
): { readonly first: number; readonly shares: readonly number[] } {
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const centre = scale * (index + 0.5)
  const first = Math.max(Math.trunc(centre - 2 * stretch + 0.5), 0)
  const end = Math.min(Math.trunc(centre + 2 * stretch + 0.5), from)
  const shares = Array.from({ length: end - first }, (_, tap) => cubic((first + tap + 0.5 - centre) / stretch))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return { first, shares: shares.map((share) => share / total) }
}

/** Keys' cubic convolution kernel. */
function cubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1
  return x < 2 ? ((x - 5) * x + 8) * x * sharpness - 4 * sharpness : 0
}
