/** Bilinear interpolation with half-pixel centres. Returns the values in row-major order. */
export function interpolate(
  read: (row: number, column: number) => number,
  { from, to }: { readonly from: readonly [number, number]; readonly to: readonly [number, number] },
): number[] {
  const out: number[] = []
  for (let i = 0; i < to[0]; i++)
    for (let j = 0; j < to[1]; j++) {
      const row = neighbours(i, from[0], to[0])
      const column = neighbours(j, from[1], to[1])
      const along = (y: number) => read(y, column.low) * (1 - column.share) + read(y, column.high) * column.share
      out.push(along(row.low) * (1 - row.share) + along(row.high) * row.share)
    }
  return out
}

/** The two cells that an output's centre lies between, and the weight of the second. */
export function neighbours(index: number, from: number, to: number) {
  const centre = Math.min(from - 1, Math.max(0, ((index + 0.5) * from) / to - 0.5))
  const low = Math.floor(centre)
  return { low, high: Math.min(low + 1, from - 1), share: centre - low }
}
