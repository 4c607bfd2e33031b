import type { ComparedPair } from './compared.js'

/** The significance level for corrected p-values. */
export const significance = 0.05

const points = (share: number) => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`

/** Describes whether two models differ significantly, and by how much. */
export function pairSentence(pair: ComparedPair): string {
  const { first, second, difference, onlyFirst, onlySecond, images } = pair
  const [low, high] = pair.interval
  const measured = `${points(difference)} points (95 % interval ${points(low)} to ${points(high)})`
  const counts = `of ${images} images, ${onlyFirst} classified correctly only by ${first}, ${onlySecond} only by ${second}`
  const tested = `${counts}; ${pText(pair.correctedPValue)}`
  if (pair.correctedPValue >= significance)
    return `The difference between ${first} and ${second} is not beyond chance: ${measured}; ${tested}.`
  const better = difference > 0
  return `${first} is ${better ? 'better' : 'worse'} than ${second} beyond chance: ${measured}; ${tested}.`
}

/** Sums up all pairs. */
export function conclusion(pairs: readonly ComparedPair[]): string {
  const beyond = pairs.filter(({ correctedPValue }) => correctedPValue < significance).length
  const corrected = pairs.length === 1 ? '' : `, with Holm's correction for ${pairs.length} pairs`
  const test = `(McNemar's exact test at 5 %${corrected})`
  if (pairs.length === 1) return `The two models ${beyond === 1 ? 'differ' : 'do not differ'} beyond chance ${test}.`
  if (beyond === 0) return `No two models differ beyond chance ${test}.`
  return `${beyond} of ${pairs.length} pairs ${beyond === 1 ? 'differs' : 'differ'} beyond chance ${test}.`
}

function pText(pValue: number): string {
  return pValue < 0.001 ? 'p below 0.001' : `p = ${pValue.toPrecision(2)}`
}
