import type { Typed } from '../../call.js'
import { sizeOf } from '../../support/shapes.js'

/**
 * Where a sampler that follows a map looks along one side (arXiv 1903.06150, equations 5 and 6).
 *
 * The density of a cell is its share of the map, 1 on average. What lies above `bound` is cut and spread evenly, five times over, so that
 * nothing is enlarged without end and nothing lost (the authors' attention sampler). Output i of n lies where the cumulative density
 * reaches (i + 0.5) / n of the whole: the inverse of the cumulative function.
 *
 * @param weights one number a cell; a negative one counts as 0, and where none is positive all cells count alike
 * @returns for each of `count` outputs a place from 0 to 1
 */
export function placesByDensity(weights: readonly number[], count: number, bound: number): number[] {
  const density = boundedDensity(weights, bound)
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

/** How often what is too dense is cut. */
export const cuts = 5

export function boundedDensity(weights: readonly number[], bound: number): number[] {
  const cells = weights.length
  const positive = weights.map((weight) => Math.max(weight, 0))
  const total = positive.reduce((sum, weight) => sum + weight, 0)
  let density = positive.map((weight) => (total > 0 ? (weight * cells) / total : 1))
  for (let cut = 0; cut < cuts; cut++) {
    const lower = density.map((value) => Math.min(value, bound))
    const lost = 1 - lower.reduce((sum, value) => sum + value, 0) / cells
    density = lower.map((value) => value + lost)
  }
  return density
}

/** Height and width of the result. */
export function outputSize(call: Typed): readonly [number, number] {
  if (call.has('size')) return call.pair('size')
  const { shape } = call.type('image')
  return [sizeOf(shape, 2), sizeOf(shape, 3)]
}
