import type { Box } from '../../compiler/ops/support/box.js'
import type { Places } from '../data/truth.js'
import { type Answer, argMax } from './answer.js'
import { Calibration, type CalibrationBin } from './calibration.js'

/** Shares are between 0 and 1. Keys of `top1` are the branches (master, part) and `joint`, the model's prediction. */
export interface Evaluation {
  readonly pictures: number
  readonly top1: Readonly<Record<string, number>>
  readonly top5: number
  /** How far the answers' probabilities are from how often they are right; see `Calibration`. */
  readonly calibrationError: number
  readonly calibration: readonly CalibrationBin[]
  readonly perClass: readonly { readonly name: string; readonly pictures: number; readonly correct: number }[]
  /** Pictures by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[]
  /** Where true boxes are known: mean intersection over union of the crop, and the share of crops at 0.5 or more. */
  readonly localisation?: {
    readonly pictures: number
    readonly meanIou: number
    readonly over50: number
    readonly wholeImageIou: number
    /** The share of the object's known points (CUB's parts) that lie in the crop, where the data set has such. */
    readonly pointsInside?: number
  }
}

/** Counts answers against what is true. */
export class EvaluationCounter {
  private pictures = 0
  private top5 = 0
  private readonly calibration = new Calibration()
  private readonly correct = new Map<string, number>()
  private readonly confusion: number[][]
  private located = 0
  private iou = 0
  private wholeIou = 0
  private over50 = 0
  private points = 0
  private pointsInside = 0

  constructor(private readonly classes: readonly string[]) {
    this.confusion = classes.map(() => classes.map(() => 0))
  }

  /** @param truth the class, and where things truly are, in fractions of the picture */
  add(answer: Answer, truth: { readonly label: number } & Places): void {
    this.pictures++
    const predicted = argMax(answer.probabilities)
    this.count('joint', predicted === truth.label)
    this.calibration.add(answer.probabilities[predicted] ?? 0, predicted === truth.label)
    for (const [branch, logits] of Object.entries(answer.logits)) this.count(branch, argMax(logits) === truth.label)
    const own = answer.probabilities[truth.label] ?? 0
    if (answer.probabilities.filter((other) => other > own).length < 5) this.top5++
    const row = this.confusion[truth.label]
    if (row) row[predicted] = (row[predicted] ?? 0) + 1
    if (answer.box) this.locate(answer.box, truth)
  }

  private locate(crop: Box, { box, points = [] }: Places): void {
    const [y1, x1, y2, x2] = crop
    this.points += points.length
    this.pointsInside += points.filter(({ x, y }) => y >= y1 && y <= y2 && x >= x1 && x <= x2).length
    if (!box) return
    const truth: Box = [box.y1, box.x1, box.y2, box.x2]
    const overlap = intersectionOverUnion(crop, truth)
    this.located++
    this.iou += overlap
    this.wholeIou += intersectionOverUnion([0, 0, 1, 1], truth)
    if (overlap >= 0.5) this.over50++
  }

  result(): Evaluation {
    const share = (count: number, of = this.pictures) => (of === 0 ? 0 : count / of)
    const perClass = this.classes.map((name, index) => {
      const row = this.confusion[index] ?? []
      return { name, pictures: row.reduce((sum, count) => sum + count, 0), correct: row[index] ?? 0 }
    })
    return {
      pictures: this.pictures,
      top1: Object.fromEntries([...this.correct].map(([name, count]) => [name, share(count)])),
      top5: share(this.top5),
      calibrationError: this.calibration.error,
      calibration: this.calibration.bins,
      perClass,
      confusion: this.confusion,
      ...(this.located > 0 && {
        localisation: {
          pictures: this.located,
          meanIou: share(this.iou, this.located),
          over50: share(this.over50, this.located),
          wholeImageIou: share(this.wholeIou, this.located),
          ...(this.points > 0 && { pointsInside: share(this.pointsInside, this.points) }),
        },
      }),
    }
  }

  private count(name: string, right: boolean): void {
    this.correct.set(name, (this.correct.get(name) ?? 0) + Number(right))
  }
}

export function intersectionOverUnion(a: Box, b: Box): number {
  const height = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]))
  const width = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]))
  const area = (box: Box) => Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1])
  const union = area(a) + area(b) - height * width
  return union > 0 ? (height * width) / union : 0
}

/** `joint 87.5 %, master 84.2 %, part 86.0 %` */
export function top1Text({ top1 }: Pick<Evaluation, 'top1'>): string {
  return Object.entries(top1)
    .map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`)
    .join(', ')
}
