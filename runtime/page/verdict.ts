import { correctedProbabilities } from '../inference/correction.js'
import type { Answer } from './answer.js'
import type { PageSettings } from './settings.js'

export interface ShownClass {
  /** As people read it. */
  readonly name: string
  /** The class name of the data set. */
  readonly label: string
  readonly probability: number
}

export interface Verdict {
  /** The most probable classes, best first. */
  readonly classes: readonly [ShownClass, ...ShownClass[]]
  /** Whether the confidence is above the calibrated threshold; undefined without calibration. */
  readonly known: boolean | undefined
}

const shownClasses = 5

/** Returns the classes of an answer with corrected probabilities, as `wsban predict` prints them. */
export function verdictOf({ probabilities }: Pick<Answer, 'probabilities'>, settings: PageSettings): Verdict {
  const { calibration, names, labels } = settings
  const corrected = calibration ? correctedProbabilities(probabilities, calibration) : probabilities
  const [best, ...others] = [...corrected.entries()]
    .sort(([, a], [, b]) => b - a)
    .slice(0, shownClasses)
    .map(([index, probability]) => {
      const label = labels[index] ?? `class ${index}`
      return { label, name: names[index] ?? label, probability }
    })
  if (!best) throw new Error('the model has no classes')
  return { classes: [best, ...others], known: calibration ? best.probability >= calibration.threshold : undefined }
}

export function percentText(probability: number): string {
  return `${(probability * 100).toFixed(1)} %`
}
