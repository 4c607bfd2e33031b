import { keyOf, Random } from '../../compiler/random.js'

/** Two models on the same images. Shares are between 0 and 1; differences are first minus second. */
export interface PairedDifference {
  readonly images: number
  /** Images that only the first, and only the second, got right. */
  readonly onlyFirst: number
  readonly onlySecond: number
  /** Of top-1. */
  readonly difference: number
  /** The 95 % confidence interval: percentiles of a paired bootstrap over images. */
  readonly interval: readonly [low: number, high: number]
  /** The p-value of McNemar's exact test, two-sided. */
  readonly pValue: number
}

const resamples = 10_000

/** @param seed the seed of the bootstrap */
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

/** Only the number of disagreeing images in each draw matters, so it is drawn directly. */
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

/** Twice the binomial probability of at most so many disagreements of one kind (McNemar 1947). */
function mcNemar(onlyFirst: number, onlySecond: number): number {
  const throws = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  let tail = 0
  // The logarithm of (throws choose k) / 2^throws, which stays finite for large numbers.
  let logChance = -throws * Math.LN2
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logChance)
    logChance += Math.log((throws - k) / (k + 1))
  }
  return Math.min(1, 2 * tail)
}
