import type { Signature } from '../../compiler/graph/signature.js'
import { elementAt } from '../../grammar/present.js'
import type { Annotations } from '../data/ground_truth.js'
import { type Answer, argMax, classLogits } from './answer.js'
import { type AnswerMetrics, answersText, type Score } from './answer_metrics.js'
import { Calibration, type CalibrationBin } from './calibration.js'
import { LocalisationCounter, type Localised } from './localisation.js'

/** Shares are between 0 and 1. Keys of `top1` are the branches (master, part) and `joint`, the model's prediction. */
export interface Evaluation extends Localised {
  readonly images: number
  readonly top1: Readonly<Record<string, number>>
  readonly top5: number
  /** The share of images that kept the first prediction of a cascade; absent in a model without one. */
  readonly early?: number
  /** The expected calibration error; see `Calibration`. */
  readonly calibrationError: number
  readonly calibration: readonly CalibrationBin[]
  readonly perClass: readonly { readonly name: string; readonly images: number; readonly correct: number }[]
  /** Images by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[]
}

/** The metrics of a split in the log of a run. */
export interface Scores {
  readonly images: number
  /** Top-1 of the first Class input by branch; absent if the model predicts no classes. */
  readonly top1?: Readonly<Record<string, number>> | undefined
  readonly top5?: number | undefined
  readonly calibrationError?: number | undefined
  readonly localisation?: { readonly meanIou: number; readonly over50: number } | undefined
  readonly discriminativePart?: { readonly captured: number } | undefined
  /** By prediction, if there are others than a single class. */
  readonly answers?: Readonly<Record<string, AnswerMetrics>> | undefined
  /** The metric by which checkpoints are compared, if it is not the joint top-1. */
  readonly score?: Score | undefined
}

/** Returns the value by which checkpoints are compared; undefined without images. */
export function scoreValue({ images, answers, score, top1 }: Scores): number | undefined {
  if (images === 0) return undefined
  return answers ? score?.value : top1?.joint
}

export function scoresText({ answers, top1 }: Scores): string {
  return answers ? answersText(answers) : top1Text({ top1: top1 ?? {} })
}

/** Compares answers with targets and annotations. */
export class EvaluationCounter {
  private images = 0
  private top5 = 0
  private early: number | undefined
  private readonly calibration = new Calibration()
  private readonly correct = new Map<string, number>()
  private readonly confusion: number[][]
  private readonly localisation = new LocalisationCounter()

  constructor(
    private readonly classes: readonly string[],
    private readonly signature?: Signature,
  ) {
    this.confusion = classes.map(() => classes.map(() => 0))
  }

  /** @param truth the class and the annotations, as fractions of the image */
  add(answer: Answer, truth: { readonly label: number } & Annotations): void {
    this.images++
    const predicted = argMax(answer.probabilities)
    this.count('joint', predicted === truth.label)
    this.calibration.add(elementAt(answer.probabilities, predicted), predicted === truth.label)
    for (const [branch, logits] of Object.entries(classLogits(answer, this.signature)))
      this.count(branch, argMax(logits) === truth.label)
    if (answer.early !== undefined) this.early = (this.early ?? 0) + Number(answer.early)
    const own = elementAt(answer.probabilities, truth.label)
    if (answer.probabilities.filter((other) => other > own).length < 5) this.top5++
    const row = this.confusion[truth.label]
    if (row) row[predicted] = (row[predicted] as number) + 1
    if (answer.box) this.localisation.add(answer.box, truth)
  }

  result(): Evaluation {
    const share = (count: number, of = this.images) => (of === 0 ? 0 : count / of)
    const perClass = this.classes.map((name, index) => {
      const row = this.confusion[index] as number[]
      return { name, images: row.reduce((sum, count) => sum + count, 0), correct: row[index] as number }
    })
    return {
      images: this.images,
      top1: Object.fromEntries([...this.correct].map(([name, count]) => [name, share(count)])),
      top5: share(this.top5),
      ...(this.early !== undefined && { early: share(this.early) }),
      calibrationError: this.calibration.error,
      calibration: this.calibration.bins,
      perClass,
      confusion: this.confusion,
      ...this.localisation.result(),
    }
  }

  private count(name: string, right: boolean): void {
    this.correct.set(name, (this.correct.get(name) ?? 0) + Number(right))
  }
}

/** `joint 87.5 %, master 84.2 %, part 86.0 %` */
export function top1Text({ top1 }: Pick<Evaluation, 'top1'>): string {
  return Object.entries(top1)
    .map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`)
    .join(', ')
}
