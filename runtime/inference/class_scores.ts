import { elementAt } from '../../grammar/present.js'
import type { Evaluation } from './evaluate.js'

/** Precision, recall and F1, each between 0 and 1. */
export interface Scores {
  /** The share of images predicted as the class that are of it; undefined if none was predicted. */
  readonly precision: number | undefined
  /** The share of images of the class that were predicted as it; undefined if there are none. */
  readonly recall: number | undefined
  /** The harmonic mean of both; undefined if no image is of the class or was predicted as it. */
  readonly f1: number | undefined
}

export interface ClassScores extends Scores {
  readonly name: string
  /** The number of images of the class. */
  readonly images: number
}

/** Returns the scores of every class, in the order of the classes. */
export function classScores({ confusion, perClass }: Pick<Evaluation, 'confusion' | 'perClass'>): ClassScores[] {
  return perClass.map(({ name, images, correct }, index) => {
    const predicted = confusion.reduce((sum, row) => sum + elementAt(row, index), 0)
    const share = (count: number, of: number) => (of === 0 ? undefined : count / of)
    return {
      name,
      images,
      precision: share(correct, predicted),
      recall: share(correct, images),
      f1: share(2 * correct, images + predicted),
    }
  })
}

/**
 * Returns the means over all classes that occur, in the labels or in the predictions. A score that is undefined there counts as 0, as in
 * scikit-learn's `average='macro'` with `zero_division=0`.
 */
export function macroMeans(scores: readonly ClassScores[]): Scores {
  const occurring = scores.filter(({ f1 }) => f1 !== undefined)
  const mean = (pick: (one: ClassScores) => number | undefined) =>
    occurring.length === 0 ? undefined : occurring.reduce((sum, one) => sum + (pick(one) ?? 0), 0) / occurring.length
  return {
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    f1: mean(({ f1 }) => f1),
  }
}
