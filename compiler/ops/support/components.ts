import type { Box } from './box.js'

export type Region = 'largest' | 'all'

/**
 * The box around what is bright on one map.
 *
 * Cells at or above threshold x maximum are kept (Zhou et al. 2016, section 3.2); of these the largest connected component
 * (8 neighbours), or all. Of two components of one size the one that begins first in reading order is taken. A map without
 * a positive value says nothing about a place: the box is then the whole image, as it is for a map with values that are not numbers.
 * Fractions of the image: a cell's box reaches from its first edge to its last, `margin` is added on every side, cut at the border.
 */
export function boxOfMap(
  map: ArrayLike<number>,
  height: number,
  width: number,
  threshold: number,
  region: Region,
  margin: number,
): Box {
  const kept = keptCells(map, height * width, threshold)
  const cells = region === 'largest' ? largestComponent(kept, height, width) : kept
  let [top, left, bottom, right] = [height, width, -1, -1]
  for (let cell = 0; cell < cells.length; cell++) {
    if (!cells[cell]) continue
    const row = Math.floor(cell / width)
    const column = cell % width
    top = Math.min(top, row)
    bottom = Math.max(bottom, row)
    left = Math.min(left, column)
    right = Math.max(right, column)
  }
  const bound = (value: number) => Math.min(1, Math.max(0, Math.fround(value)))
  return [
    bound(Math.fround(top / height) - margin),
    bound(Math.fround(left / width) - margin),
    bound(Math.fround((bottom + 1) / height) + margin),
    bound(Math.fround((right + 1) / width) + margin),
  ]
}

/** In single precision, as every engine compares. */
export function keptCells(map: ArrayLike<number>, count: number, threshold: number): Uint8Array {
  let largest = Number.NEGATIVE_INFINITY
  let numbers = true
  for (let cell = 0; cell < count; cell++) {
    const value = Math.fround(map[cell] ?? Number.NaN)
    numbers &&= !Number.isNaN(value)
    largest = Math.max(largest, value)
  }
  const kept = new Uint8Array(count)
  if (!numbers || largest <= 0) return kept.fill(1)
  const cut = Math.fround(largest * Math.fround(threshold))
  for (let cell = 0; cell < count; cell++) kept[cell] = Math.fround(map[cell] ?? 0) >= cut ? 1 : 0
  return kept
}

/** The cells of the largest component, by flooding from each cell in reading order. */
export function largestComponent(kept: Uint8Array, height: number, width: number): Uint8Array {
  const seen = new Uint8Array(kept.length)
  let best: number[] = []
  for (let start = 0; start < kept.length; start++) {
    if (!kept[start] || seen[start]) continue
    const component = [start]
    seen[start] = 1
    for (const cell of component)
      for (const near of neighbours(cell, height, width))
        if (kept[near] && !seen[near]) {
          seen[near] = 1
          component.push(near)
        }
    if (component.length > best.length) best = component
  }
  const cells = new Uint8Array(kept.length)
  for (const cell of best) cells[cell] = 1
  return cells
}

function neighbours(cell: number, height: number, width: number): number[] {
  const row = Math.floor(cell / width)
  const column = cell % width
  const near: number[] = []
  for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++)
    for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) near.push(y * width + x)
  return near
}
