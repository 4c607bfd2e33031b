/** One number for both spatial directions, or one for each. */
export type Pair = number | readonly [vertical: number, horizontal: number]

/** A number for each spatial direction. */
export type SpatialPair = readonly [vertical: number, horizontal: number]

/** Expands a single number to both directions. */
export function expandPair(pair: Pair): SpatialPair {
  return typeof pair === 'number' ? [pair, pair] : pair
}

export function isZero(pair: SpatialPair): boolean {
  return pair[0] === 0 && pair[1] === 0
}

export function isOne(pair: SpatialPair): boolean {
  return pair[0] === 1 && pair[1] === 1
}
