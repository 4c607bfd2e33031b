import { keyOf, Random } from '../../compiler/random.js'

/** Two models on the same images. Shares are between 0 and 1; differences are the first one's less the second one's. */
export interface PairedDifference {
  readonly images: number
  /** Images that only the first, and only the second, got right. */
  readonly onlyFirst: number
  readonly onlySecond: number
  /** Of top-1. */
  readonly difference: number
  /** Where it lies, with 95 % confidence: percentiles of a paired bootstrap over images. */
  readonly interval: readonly [low: number, high: number]
  /** Of a difference at least as large by chance alone: McNemar's exact test, two-sided. */
  readonly pValue: number
}

const resamples = 10_000

/** @param seed of the bootstrap */
export function pairedDifference(first: readonly boolean[], second: readonly boolean[], seed = 1): PairedDifference {
  if (first.length !== second.length || first.length === 0)
    throw new RangeError(`${first.length} answers cannot be paired with ${second.length}`)
  const images = first.length
  const onlyFirst = first.filter((right, index) => right && !second[index]).length
  const onlySecond = second.filter((right, index) => right && !first[index]).length
  return {
    images,
    onlyFirst,
    onlySecond,
    difference: (onlyFirst - onlySecond) / images,
    interval: bootstrap(images, onlyFirst, onlySecond, new Random(keyOf(seed, 'bootstrap'))),
    pValue: mcNemar(onlyFirst, onlySecond),
  }
}

/** Which images disagree does not matter, only how many each draw has of them. */
function bootstrap(images: number, onlyFirst: number, onlySecond: number, random: Random): readonly [number, number] {
  const differences = Float64Array.from({ length: resamples }, () => {
    let sum = 0
    for (let draw = 0; draw < images; draw++) {
      const image = random.integer(images)
      if (image < onlyFirst) sum++
      else if (image < onlyFirst + onlySecond) sum--
    }
    return sum / images
  }).sort()
  const percentile = (share: number) => differences[Math.round(share * (resamples - 1))] as number
  return [percentile(0.025), percentile(0.975)]
}

/** Twice the chance of so few heads in fair throws of all that disagree (McNemar 1947, by the binomial distribution). */
function mcNemar(onlyFirst: number, onlySecond: number): number {
  const throws = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  let tail = 0
  // log of (throws over k) / 2^throws, so that large numbers stay finite.
  let logChance = -throws * Math.LN2
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logChance)
    logChance += Math.log((throws - k) / (k + 1))
  }
  return Math.min(1, 2 * tail)
}
