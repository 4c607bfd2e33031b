export interface Difference {
  readonly absolute: number
  /** Relative to the largest expected value. */
  readonly relative: number
}

/** Returns the larger of two differences, measure by measure. */
export function larger(a: Difference | undefined, b: Difference): Difference {
  return a ? { absolute: Math.max(a.absolute, b.absolute), relative: Math.max(a.relative, b.relative) } : b
}

/** Returns the largest difference between two lists of values; infinite if their lengths differ or a value is NaN. */
export function differenceOf(expected: ArrayLike<number>, found: ArrayLike<number> | undefined): Difference {
  if (found?.length !== expected.length)
    return { absolute: Number.POSITIVE_INFINITY, relative: Number.POSITIVE_INFINITY }
  let absolute = 0
  let largest = 1e-12
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] as number
    const away = Math.abs(value - (found[i] as number))
    absolute = Number.isNaN(away) ? Number.POSITIVE_INFINITY : Math.max(absolute, away)
    largest = Math.max(largest, Math.abs(value))
  }
  return { absolute, relative: absolute / largest }
}
