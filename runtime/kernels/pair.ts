/** One number for both directions, or one for each. */
export type Pair = number | readonly [vertical: number, horizontal: number]

export type Both = readonly [vertical: number, horizontal: number]

export function both(pair: Pair): Both {
  return typeof pair === 'number' ? [pair, pair] : pair
}

export function isZero(pair: Both): boolean {
  return pair[0] === 0 && pair[1] === 0
}

export function isOne(pair: Both): boolean {
  return pair[0] === 1 && pair[1] === 1
}
