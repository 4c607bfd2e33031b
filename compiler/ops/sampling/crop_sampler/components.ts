import { neighbours } from '../../support/interpolate.js'

/** y1, x1, y2, x2, each a fraction of the image (0 to 1). */
export type Box = readonly [y1: number, x1: number, y2: number, x2: number]

export type Region = 'largest' | 'all'

/** How a box is computed from a map. */
export interface BoxRule {
  /** The threshold as a share of the largest value. */
  readonly threshold: number
  readonly region: Region
  /** The margin on every side, as a share of the image. */
  readonly margin: number
  /** Rows and columns to which the map is upsampled before thresholding; by default its own. */
  readonly cells: readonly [rows: number, columns: number]
}

/**
 * Returns the bounding box of the large values of one map.
 *
 * Cells at or above threshold x maximum are kept (Zhou et al. 2016, section 3.2); of these the largest connected component (8 neighbours), or all. Of
 * two components of equal size, the first in row-major order is selected. For a map without positive values, or with values that are NaN or infinite,
 * the box is the whole image. Coordinates are fractions of the image: a cell covers the area between its edges, `margin` is added on every side, and
 * the box is clipped to the image. Every step is in single precision and in the same order as in the exported file, so that both compute the same box
 * bit for bit.
 */
export function boxOfMap(map: ArrayLike<number>, height: number, width: number, rule: BoxRule): Box {
  const [rows, columns] = rule.cells
  const large = enlarge(map, [height, width], [rows, columns])
  const kept = keptCells(large, rows * columns, rule.threshold)
  const cells = rule.region === 'largest' ? largestComponent(kept, rows, columns) : kept
  let [top, left, bottom, right] = [rows, columns, -1, -1]
  for (let cell = 0; cell < cells.length; cell++) {
    if (!cells[cell]) continue
    const row = Math.floor(cell / columns)
    const column = cell % columns
    top = Math.min(top, row)
    bottom = Math.max(bottom, row)
    left = Math.min(left, column)
    right = Math.max(right, column)
  }
  const margin = Math.fround(rule.margin)
  const bound = (value: number) => Math.min(1, Math.max(0, Math.fround(value)))
  return [
    bound(Math.fround(top / rows) - margin),
    bound(Math.fround(left / columns) - margin),
    bound(Math.fround((bottom + 1) / rows) + margin),
    bound(Math.fround((right + 1) / columns) + margin),
  ]
}

/** Rows and columns at which a map is thresholded: `grid`, `x2`, `x4` or `image`. A map is never downsampled. */
export function cellsOf(
  resolution: string,
  [imageHeight = 1, imageWidth = 1]: readonly number[],
  [height = 1, width = 1]: readonly number[],
): readonly [number, number] {
  if (resolution === 'image') return [Math.max(height, imageHeight), Math.max(width, imageWidth)]
  const factor = resolution === 'x4' ? 4 : resolution === 'x2' ? 2 : 1
  return [height * factor, width * factor]
}

/** For each cell of an upsampled axis, the two source cells and the weight of the second, with half-pixel centres. */
export function between(from: number, to: number) {
  const cells = Array.from({ length: to }, (_, i) => neighbours(i, from, to))
  const highShare = cells.map(({ share }) => Math.fround(share))
  return {
    low: cells.map(({ low }) => low),
    high: cells.map(({ high }) => high),
    lowShare: highShare.map((share) => Math.fround(1 - share)),
    highShare,
  }
}

/** Bilinear, rows first and then columns, each product and each sum rounded. */
function enlarge(
  map: ArrayLike<number>,
  from: readonly [number, number],
  to: readonly [number, number],
): ArrayLike<number> {
  if (from[0] === to[0] && from[1] === to[1]) return map
  const rows = between(from[0], to[0])
  const columns = between(from[1], to[1])
  const mixed = (a: number, b: number, share: number, other: number) =>
    Math.fround(Math.fround(a * share) + Math.fround(b * other))
  const read = (cell: number) => Math.fround(map[cell] as number)
  const tall = new Float32Array(to[0] * from[1])
  for (let y = 0; y < to[0]; y++)
    for (let x = 0; x < from[1]; x++) {
      const [low, high] = [read((rows.low[y] as number) * from[1] + x), read((rows.high[y] as number) * from[1] + x)]
      tall[y * from[1] + x] = mixed(low, high, rows.lowShare[y] as number, rows.highShare[y] as number)
    }
  const large = new Float32Array(to[0] * to[1])
  for (let y = 0; y < to[0]; y++)
    for (let x = 0; x < to[1]; x++) {
      const [low, high] = [
        tall[y * from[1] + (columns.low[x] as number)] as number,
        tall[y * from[1] + (columns.high[x] as number)] as number,
      ]
      large[y * to[1] + x] = mixed(low, high, columns.lowShare[x] as number, columns.highShare[x] as number)
    }
  return large
}

/** In single precision, as on every engine. */
function keptCells(map: ArrayLike<number>, count: number, threshold: number): Uint8Array {
  let largest = Number.NEGATIVE_INFINITY
  let numbers = true
  for (let cell = 0; cell < count; cell++) {
    const value = Math.fround(map[cell] as number)
    numbers &&= !Number.isNaN(value)
    largest = Math.max(largest, value)
  }
  const kept = new Uint8Array(count)
  if (!numbers || largest <= 0) return kept.fill(1)
  const cut = Math.fround(largest * Math.fround(threshold))
  for (let cell = 0; cell < count; cell++) kept[cell] = Math.fround(map[cell] as number) >= cut ? 1 : 0
  return kept
}

/** Returns the cells of the largest component, by flood fill from each cell in row-major order. */
export function largestComponent(kept: Uint8Array, height: number, width: number): Uint8Array {
  const seen = new Uint8Array(kept.length)
  let best: number[] = []
  for (let start = 0; start < kept.length; start++) {
    if (!kept[start] || seen[start]) continue
    const component = [start]
    seen[start] = 1
    for (const cell of component) {
      const row = Math.floor(cell / width)
      const column = cell % width
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++)
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const near = y * width + x
          if (!kept[near] || seen[near]) continue
          seen[near] = 1
          component.push(near)
        }
    }
    if (component.length > best.length) best = component
  }
  const cells = new Uint8Array(kept.length)
  for (const cell of best) cells[cell] = 1
  return cells
}
