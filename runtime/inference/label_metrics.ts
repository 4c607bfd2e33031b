import { elementAt } from '../../grammar/present.js'

/** Average precision of one label, and F1 at a threshold of 0.5. */
export interface LabelMetrics {
  readonly name: string
  /** Images that have the label. */
  readonly images: number
  /** Area under the precision-recall curve, summed over its steps; absent if no image has the label. */
  readonly averagePrecision?: number | undefined
  /** Harmonic mean of precision and recall at 0.5; 0 without positive decisions and images. */
  readonly f1: number
}

export interface LabelsMetrics {
  readonly kind: 'labels'
  /** Mean of the average precision over labels that some image has; absent if there are none. */
  readonly mAP?: number | undefined
  /** Mean of F1 over labels. */
  readonly f1: number
  /** F1 of all decisions together. */
  readonly microF1: number
  readonly perLabel: readonly LabelMetrics[]
}

/**
 * Returns average precision and F1 of each label, with the definitions of scikit-learn's `average_precision_score` and `f1_score`.
 *
 * @param probabilities a row for each image, by label
 * @param truths the same, 1 for an image that has the label
 */
export function labelsMetrics(
  names: readonly string[],
  probabilities: readonly ArrayLike<number>[],
  truths: readonly ArrayLike<number>[],
): LabelsMetrics {
  const total = { truePositives: 0, decided: 0, positives: 0 }
  const perLabel = names.map((name, label): LabelMetrics => {
    const scores = probabilities.map((row) => elementAt(row, label))
    const truth = truths.map((row) => elementAt(row, label) > 0.5)
    const positives = truth.filter(Boolean).length
    const decided = scores.filter((score) => score >= 0.5).length
    const truePositives = scores.filter((score, index) => score >= 0.5 && truth[index]).length
    total.truePositives += truePositives
    total.decided += decided
    total.positives += positives
    return {
      name,
      images: positives,
      ...(positives > 0 && { averagePrecision: averagePrecision(scores, truth) }),
      f1: f1Of(truePositives, decided, positives),
    }
  })
  const precisions = perLabel.flatMap((one) => one.averagePrecision ?? [])
  return {
    kind: 'labels',
    ...(precisions.length > 0 && { mAP: mean(precisions) }),
    f1: mean(perLabel.map(({ f1 }) => f1)),
    microF1: f1Of(total.truePositives, total.decided, total.positives),
    perLabel,
  }
}

function f1Of(truePositives: number, decided: number, positives: number): number {
  return decided + positives === 0 ? 0 : (2 * truePositives) / (decided + positives)
}

/** Sum over thresholds of the precision times the gain in recall; images of one score are ranked together. */
function averagePrecision(scores: readonly number[], truth: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => elementAt(scores, b) - elementAt(scores, a))
  const positives = truth.filter(Boolean).length
  let [found, sum, before] = [0, 0, 0]
  for (const [rank, index] of order.entries()) {
    found += Number(truth[index])
    const next = order[rank + 1]
    if (next !== undefined && scores[next] === scores[index]) continue
    sum += ((found - before) / positives) * (found / (rank + 1))
    before = found
  }
  return sum
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
