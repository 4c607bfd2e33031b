/** Accuracy on a split compared with trivial predictors. Shares are between 0 and 1. */
export interface AgainstChance {
  readonly top1: number
  readonly images: number
  /** The 95 % confidence interval of top-1 (Wilson's score interval). */
  readonly interval: readonly [low: number, high: number]
  /** The accuracy of always answering the most frequent class. */
  readonly chance: number
  /** Whether the interval includes chance. */
  readonly nearChance: boolean
}

/** @param labels the classes of the images, as numbers @param classes how many classes there are */
export function againstChance(top1: number, labels: readonly number[], classes: number): AgainstChance {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const images = labels.length
  const chance = Math.max(1 / classes, ...[...counts.values()].map((count) => count / images))
  const interval = wilsonInterval(Math.round(top1 * images), images)
  return { top1, images, interval, chance, nearChance: interval[0] <= chance }
}

/**
 * Returns the 95 % confidence interval of a proportion (Wilson 1927).
 *
 * @throws RangeError without any
 */
export function wilsonInterval(counted: number, all: number): readonly [low: number, high: number] {
  if (all <= 0) throw new RangeError('the interval of a share needs at least one trial')
  const z = 1.959963984540054
  const share = counted / all
  const middle = share + z ** 2 / (2 * all)
  const half = z * Math.sqrt((share * (1 - share)) / all + z ** 2 / (4 * all ** 2))
  const scale = 1 + z ** 2 / all
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)]
}

/** Facts about a training whose result is near chance. */
export interface TrainingFacts {
  /** The total loss by epoch; epochs before a resume may be missing. */
  readonly losses: readonly number[]
  readonly steps: number
  /** Whether it began from random weights. */
  readonly random: boolean
}

/** With fewer steps from random weights, even a small network on small images learns nothing measurable. */
const fewSteps = 500

/** Returns the likely reason for a result near chance, and what to try. */
export function reasonForChance({ losses, steps, random }: TrainingFacts): string {
  const [first, last] = [losses[0], losses.at(-1)]
  if (random && steps < fewSteps)
    return `${steps === 1 ? '1 step' : `${steps} steps`} from random weights ${steps === 1 ? 'is' : 'are'} few: train longer (--epochs), or begin from published weights`
  if (first !== undefined && last !== undefined && losses.length > 1 && last > 0.97 * first)
    return 'the training loss did not fall: try another learning rate (--train optimizer.rate=...), or published weights'
  return 'the training loss fell, but what was learned does not hold for other images: more images, stronger augmentation, or wrong labels (wsban data inspect)'
}
