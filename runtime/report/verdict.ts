import { answersText } from '../inference/answer_metrics.js'
import { type AgainstChance, againstChance, wilsonInterval } from '../inference/chance.js'
import type { Evaluation } from '../inference/evaluate.js'
import type { BaselineDifference, BranchDifference, ReportData } from './data.js'
import { intervalText, isSignificant, percent, points } from './format.js'

/** One number of the headline. */
export interface KeyFigure {
  readonly name: string
  readonly value: string
  /** The interval, and the level of chance. */
  readonly beside: string
}

/** Returns the result in one or two sentences of plain text: against chance, and against the baseline or the whole image alone. */
export function verdictOf({ evaluation, answers, differences, baseline, reason }: ReportData): string[] {
  const standing = evaluation && standingOf(evaluation)
  const measured = answers && answers.images > 0 ? [answersSentence(answers)] : []
  if (!standing) return measured
  const [whole] = differences
  return [
    chanceSentence(standing, reason),
    ...(baseline ? [baselineSentence(baseline)] : whole ? [branchSentence(whole)] : []),
    ...measured,
  ]
}

function answersSentence({ images, metrics }: NonNullable<ReportData['answers']>): string {
  return `On ${images} validation images: ${answersText(metrics)}.`
}

function chanceSentence({ top1, images, interval, chance, nearChance }: AgainstChance, reason: string): string {
  const result = `${percent(top1)} of ${images} validation images are classified correctly (${intervalText(interval)})`
  const guess = `always answering the most frequent class would reach ${percent(chance)}`
  return nearChance
    ? `The model is hardly better than chance: ${result}, and ${guess}. The likely reason: ${reason}.`
    : `${result}; ${guess}.`
}

function baselineSentence(baseline: BaselineDifference): string {
  return comparisonSentence('The model', `the baseline ${baseline.name} (${percent(baseline.top1)})`, baseline)
}

function branchSentence(difference: BranchDifference): string {
  return comparisonSentence('The joint prediction', `${difference.branch}, the whole image alone`, difference)
}

function comparisonSentence(first: string, second: string, compared: BranchDifference | BaselineDifference): string {
  const { difference, interval } = compared
  const [low, high] = interval
  const range = `95\u00a0% interval ${points(low)} to ${points(high)}`
  if (!isSignificant(compared))
    return `No difference is shown between ${lowerFirst(first)} and ${second}: ${points(difference)} points on the same images (${range}).`
  const side = difference > 0 ? 'better' : 'worse'
  return `${first} is ${(Math.abs(difference) * 100).toFixed(1)} points ${side} than ${second}, on the same images (${range}).`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** Returns at most four numbers, each with its interval and what chance reaches. */
export function keyFigures({ evaluation, calibration }: Pick<ReportData, 'evaluation' | 'calibration'>): KeyFigure[] {
  if (!evaluation || evaluation.images === 0) return []
  const standing = standingOf(evaluation)
  const { images, perClass, top5, calibrationError } = evaluation
  return [
    ...(standing
      ? [
          {
            name: 'top-1 accuracy',
            value: percent(standing.top1),
            beside: `${intervalText(standing.interval)}; chance ${percent(standing.chance)}`,
          },
        ]
      : []),
    ...(perClass.length > 5
      ? [
          {
            name: 'top-5 accuracy',
            value: percent(top5),
            beside: `${intervalText(wilsonInterval(Math.round(top5 * images), images))}; chance ${percent(topFiveByChance(evaluation))}`,
          },
        ]
      : []),
    ...cropFigure(evaluation),
    calibration
      ? {
          name: 'calibration error',
          value: percent(calibration.errorAfter),
          beside: `cross-validated; exact probabilities would show ${percent(calibration.errorExpected)}`,
        }
      : {
          name: 'calibration error',
          value: percent(calibrationError),
          beside: 'mean distance of confidence and accuracy; 0 is exact',
        },
  ]
}

function cropFigure({ discriminativePart, localisation }: Evaluation): KeyFigure[] {
  if (discriminativePart) {
    const { images, captured, byChance } = discriminativePart
    return [
      {
        name: 'crops that contain the discriminative part',
        value: percent(captured),
        beside: `${intervalText(wilsonInterval(Math.round(captured * images), images))}; crops at random places ${percent(byChance)}`,
      },
    ]
  }
  if (!localisation) return []
  return [
    {
      name: 'mean IoU of crop and annotated box',
      value: percent(localisation.meanIou),
      beside: `the whole image as the crop: ${percent(localisation.wholeImageIou)}`,
    },
  ]
}

/** Compares the accuracy with chance; undefined without a joint prediction or without images. */
export function standingOf({ top1, images, perClass }: Evaluation): AgainstChance | undefined {
  if (top1.joint === undefined || images === 0) return undefined
  const labels = perClass.flatMap(({ images: count }, label) => Array.from({ length: count }, () => label))
  return againstChance(top1.joint, labels, perClass.length)
}

/** The accuracy of always naming the five most frequent classes. */
function topFiveByChance({ perClass, images }: Evaluation): number {
  const counts = perClass.map(({ images: count }) => count).sort((a, b) => b - a)
  return counts.slice(0, 5).reduce((sum, count) => sum + count, 0) / images
}
