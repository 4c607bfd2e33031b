import { elementAt } from '../../grammar/present.js'

/**
 * Corrects the p-values of several tests for their number (Holm 1979): a corrected value below 0.05 keeps the chance of even one
 * false finding among all of them below 5 %, whichever hypotheses are true.
 *
 * @returns the corrected p-values, in the order of the given ones
 */
export function holmCorrection(pValues: readonly number[]): number[] {
  const ascending = [...pValues.keys()].sort((a, b) => elementAt(pValues, a) - elementAt(pValues, b))
  const corrected = new Array<number>(pValues.length)
  let largest = 0
  for (const [rank, index] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * elementAt(pValues, index)))
    corrected[index] = largest
  }
  return corrected
}
