import { type Answer, argMax, classLogits, type Predictor } from './answer.js'
import { type NamedPrediction, namedPredictions } from './named_predictions.js'
import { type RankedClass, rank } from './ranked_classes.js'

/** The prediction for an image in JSON output. */
export interface PredictionRecord {
  readonly classes: readonly RankedClass[]
  /** All predictions by name, if there are others than the probabilities of one class. */
  readonly predictions?: Readonly<Record<string, NamedPrediction>>
  readonly known?: boolean
  /** y1, x1, y2, x2 of the first crop, as fractions of the image. */
  readonly box?: readonly number[]
  /** The boxes of further crops by name. */
  readonly crops?: Readonly<Record<string, readonly number[]>>
  /** The most probable class of each branch. */
  readonly branches: Readonly<Record<string, string>>
}

/** @param top the number of classes to list */
export function predictionRecord(
  answer: Answer,
  predictor: Pick<Predictor, 'classes' | 'signature' | 'labelNames'>,
  top: number,
): PredictionRecord {
  const { probabilities, known, box, crops } = answer
  const { classes, signature } = predictor
  const predictions = namedPredictions(answer, predictor)
  const branches = Object.entries(classLogits(answer, signature)).map(([branch, logits]) => [
    branch,
    classes[argMax(logits)] ?? `class ${argMax(logits)}`,
  ])
  return {
    classes: rank(probabilities, classes, top),
    ...(predictions && { predictions }),
    ...(known !== undefined && { known }),
    ...(box && { box }),
    ...(crops && { crops: Object.fromEntries(Object.entries(crops).map(([name, crop]) => [name, crop.box])) }),
    branches: Object.fromEntries(branches),
  }
}
