import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import type { Tensors } from './reference.js'

/** One rounding of single precision. */
export const singleRounding = 2 ** -23
/** A confident softmax's share keeps a rounding of one, however small its distance from one is: so do losses and their gradients. */
export const roundingOfOne = 5e-7
/** One rounding of half precision. */
export const halfRounding = 2 ** -10

/**
 * The allowed distance of a correct result from the reference: a multiple of the change caused by rounding every operand, as seen in a few
 * evaluations, plus a fraction of the largest value for sums in another order.
 */
export interface Bound {
  readonly spread: number
  readonly largest: number
}

/** The effect of rounding in a few evaluations is less than the worst case of an engine, which sums in another order and rounds more often. */
const spreads = 40
const ownRoundings = 256

export function boundOf(base: Tensor, rounded: readonly Tensor[]): Bound {
  let [spread, largest] = [0, 0]
  for (const [i, value] of base.data.entries()) {
    largest = Math.max(largest, Math.abs(value))
    for (const other of rounded) {
      const moved = Math.abs((other.data[i] ?? Number.NaN) - value)
      // A number that rounding turns into NaN or infinity is not compared.
      spread = Number.isNaN(moved) ? Number.POSITIVE_INFINITY : Math.max(spread, moved)
    }
  }
  return { spread, largest }
}

/** @param rounding of one number in the precision that computes */
export function allowed({ spread, largest }: Bound, rounding: number): number {
  return spreads * spread + ownRoundings * rounding * largest + Number.MIN_VALUE
}

/** @returns the first tensor that is further from the base than is allowed, in words */
export function firstDifference(
  found: Tensors,
  expected: Tensors,
  allowedOf: (name: string, tensor: Tensor) => number,
): string | undefined {
  for (const [name, base] of expected) {
    const tensor = found.get(name)
    if (!tensor) return `${name} is missing`
    if (tensor.data.length !== base.data.length)
      return `${name} has ${tensor.data.length} numbers instead of ${base.data.length}`
    const most = allowedOf(name, base)
    if (!Number.isFinite(most)) continue
    for (const [i, value] of base.data.entries()) {
      const other = tensor.data[i] ?? Number.NaN
      if (!Number.isFinite(value)) continue
      if (!(Math.abs(other - value) <= most))
        return `${name}[${i}] is ${other}, not ${value} (${most.toExponential(1)} allowed)`
    }
  }
  return undefined
}
