import { elementAt } from '../../grammar/present.js'

/** A labelled image and the probabilities that a model gives its classes. */
export interface LabelledPrediction<Image> {
  readonly image: Image
  readonly label: number
  readonly probabilities: ArrayLike<number>
}

/** An image whose label may be wrong. */
export interface DoubtfulLabel<Image> {
  readonly image: Image
  readonly label: number
  /** The class that the image is more likely of. */
  readonly suggested: number
  /** The probability of the label and of the suggested class, from 0 to 1. */
  readonly labelProbability: number
  readonly suggestedProbability: number
  /** The first minus the second, from -1 (certainly wrong) to 1. */
  readonly margin: number
}

/**
 * Finds labels that are probably wrong by confident learning (Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021). The threshold of a class is the
 * mean probability that the model gives it on the images labelled so. A label is in doubt if another class reaches its own threshold, and has the
 * highest probability of the classes that do. The thresholds account for classes on which the model is less or more confident.
 *
 * @returns the labels in doubt, by normalised margin: the most doubtful one first
 */
export function doubtfulLabels<Image>(
  predictions: readonly LabelledPrediction<Image>[],
): readonly DoubtfulLabel<Image>[] {
  const thresholds = classThresholds(predictions)
  const doubtful = predictions.flatMap(({ image, label, probabilities }): DoubtfulLabel<Image>[] => {
    let suggested = -1
    for (const [name, threshold] of thresholds) {
      const probability = elementAt(probabilities, name)
      if (probability >= threshold && (suggested < 0 || probability > elementAt(probabilities, suggested)))
        suggested = name
    }
    if (suggested < 0 || suggested === label) return []
    const [labelProbability, suggestedProbability] = [
      elementAt(probabilities, label),
      elementAt(probabilities, suggested),
    ]
    return [
      {
        image,
        label,
        suggested,
        labelProbability,
        suggestedProbability,
        margin: labelProbability - suggestedProbability,
      },
    ]
  })
  return doubtful.filter(({ margin }) => margin < 0).sort((a, b) => a.margin - b.margin)
}

/** By class with images: the mean probability of the class on them. */
function classThresholds(predictions: readonly LabelledPrediction<unknown>[]): ReadonlyMap<number, number> {
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { label, probabilities } of predictions) {
    const { sum, count } = sums.get(label) ?? { sum: 0, count: 0 }
    sums.set(label, { sum: sum + elementAt(probabilities, label), count: count + 1 })
  }
  return new Map([...sums].map(([label, { sum, count }]) => [label, sum / count]))
}
