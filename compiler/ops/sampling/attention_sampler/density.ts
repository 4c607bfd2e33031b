import type { Typed } from '../../call.js'
import { sizeOf } from '../../support/shapes.js'

/** Whether the magnification of both axes is bounded together, or independently. */
export type Axes = 'balanced' | 'independent'

/** How many times the density of both axes is clipped to the smaller of their maxima (the authors' attention sampler). */
export const cuts = 5

/**
 * Computes the sampling density of each row and each column of a map (arXiv 1903.06150, equation 5, and the authors' attention sampler).
 *
 * The density of a cell is its share of the weights, with mean 1. Density above `bound` is clipped and redistributed evenly, once. With balanced
 * axes, it is clipped five times to the smaller of both maxima, so that neither axis is stretched much more than the other.
 *
 * @param rows one number per row; negative numbers count as 0, and if none is positive all rows are weighted equally
 * @param columns the same for columns
 * @returns the density of each row and each column
 */
export function boundedDensities(
  rows: readonly number[],
  columns: readonly number[],
  bound: number,
  axes: Axes,
): readonly [rows: number[], columns: number[]] {
  let [y, x] = [shares(rows), shares(columns)]
  if (axes === 'independent') return [cut(y, bound), cut(x, bound)]
  for (let i = 0; i < cuts; i++) {
    const smaller = Math.min(Math.max(...y), Math.max(...x))
    const limit = i === 0 ? Math.min(bound, smaller) : smaller
    ;[y, x] = [cut(y, limit), cut(x, limit)]
  }
  return [y, x]
}

/**
 * The sampling positions for a density along one axis (arXiv 1903.06150, equation 6): output i of n is where the cumulative density reaches (i + 0.5)
 * / n of the whole, which is the inverse of the cumulative function.
 *
 * @returns a position from 0 to 1 for each of `count` outputs
 */
export function placesByDensity(density: readonly number[], count: number): number[] {
  const cells = density.length
  const places: number[] = []
  let cell = 0
  let before = 0
  for (let i = 0; i < count; i++) {
    const target = ((i + 0.5) / count) * cells
    while (cell < cells - 1 && before + (density[cell] as number) <= target) before += density[cell++] as number
    const inside = density[cell] as number
    places.push((cell + Math.min(1, Math.max(0, inside > 0 ? (target - before) / inside : 0.5))) / cells)
  }
  return places
}

/** Height and width of the result. */
export function outputSize(call: Typed): readonly [number, number] {
  if (call.has('size')) return call.pair('size')
  const { shape } = call.type('image')
  return [sizeOf(shape, 2), sizeOf(shape, 3)]
}

function shares(weights: readonly number[]): number[] {
  const positive = weights.map((weight) => Math.max(weight, 0))
  const total = positive.reduce((sum, weight) => sum + weight, 0)
  return positive.map((weight) => (total > 0 ? (weight * weights.length) / total : 1))
}

function cut(density: readonly number[], limit: number): number[] {
  const lower = density.map((value) => Math.min(value, limit))
  const lost = 1 - lower.reduce((sum, value) => sum + value, 0) / lower.length
  return lower.map((value) => value + lost)
}
