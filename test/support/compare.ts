import type { Tensor } from '../../compiler/ops/support/tensor.js'

/** Undefined when they agree: each value within tolerance of the largest magnitude (at least 1). */
export function differs(expected: Tensor, found: Tensor | undefined, tolerance: number): string | undefined {
  if (!found) return 'nothing was computed'
  if (expected.shape.join() !== found.shape.join()) return `shape [${found.shape}] instead of [${expected.shape}]`
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  for (let i = 0; i < expected.data.length; i++) {
    const away = Math.abs((expected.data[i] ?? 0) - (found.data[i] ?? Number.NaN))
    if (!(away <= tolerance * largest)) return `value ${i} is ${found.data[i]} instead of ${expected.data[i]}`
  }
  return undefined
}
