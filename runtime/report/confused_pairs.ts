import type { Evaluation } from '../inference/evaluate.js'

/** Two classes of which the first was predicted as the second. */
export interface ConfusedClasses {
  /** Indices of the classes. */
  readonly truth: number
  readonly predicted: number
  /** Images confused, and all images of the true class. */
  readonly count: number
  readonly total: number
}

/** Returns the pairs of classes confused most often, of equal counts those with the largest share first; at most `most`. */
export function confusedPairs(confusion: Evaluation['confusion'], most: number): ConfusedClasses[] {
  return confusion
    .flatMap((row, truth) => {
      const total = row.reduce((sum, count) => sum + count, 0)
      return row.flatMap((count, predicted) =>
        count > 0 && truth !== predicted ? [{ truth, predicted, count, total }] : [],
      )
    })
    .sort((a, b) => b.count - a.count || b.count / b.total - a.count / a.total)
    .slice(0, most)
}
