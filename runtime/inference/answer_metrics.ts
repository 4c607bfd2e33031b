import type { Signature, SignatureAnswer } from '../../compiler/graph/signature.js'
import { elementAt, present } from '../../grammar/present.js'
import type { LabelNames, Target } from '../data/label_inputs.js'
import { type Answer, argMax } from './answer.js'
import { type LabelsMetrics, labelsMetrics, mean } from './label_metrics.js'
import { type RetrievalMetrics, retrievalMetrics } from './retrieval_metrics.js'
import { type ValuesMetrics, valuesMetrics } from './value_metrics.js'

export interface ClassesMetrics {
  readonly kind: 'classes'
  readonly top1: number
  readonly top5: number
}

/** The metrics of one prediction, by its meaning. */
export type AnswerMetrics = ClassesMetrics | LabelsMetrics | ValuesMetrics | RetrievalMetrics

export const scoreMetrics = ['top-1', 'mAP', 'R2', 'recall@1'] as const

/** The metric by which checkpoints are compared; higher is better. */
export interface Score {
  readonly answer: string
  readonly metric: (typeof scoreMetrics)[number]
  readonly value: number
}

interface Counted {
  readonly rows: Float32Array[]
  readonly truths: Target[]
}

/** Measures each prediction of a model by the label input that it belongs to. Embeddings are measured by the first Class input. */
export class AnswersCounter {
  private readonly counted: ReadonlyMap<SignatureAnswer, Counted>

  constructor(
    private readonly signature: Signature,
    private readonly names: LabelNames,
  ) {
    this.counted = new Map(signature.answers.map((answer) => [answer, { rows: [], truths: [] }]))
  }

  add({ predictions }: Pick<Answer, 'predictions'>, targets: Readonly<Record<string, Target>>): void {
    for (const [answer, { rows, truths }] of this.counted) {
      const label = this.labelOf(answer)
      if (label === undefined) continue
      rows.push(present(predictions?.[answer.name], `the prediction ${answer.name}`))
      truths.push(present(targets[label], `the label ${label} of an image`))
    }
  }

  /** Returns the metrics of the predictions that can be measured, in the order of the model. */
  result(): Readonly<Record<string, AnswerMetrics>> {
    return Object.fromEntries(
      [...this.counted].flatMap(([answer, { rows, truths }]) => {
        const label = this.labelOf(answer)
        return label === undefined ? [] : [[answer.name, this.metricsOf(answer, label, rows, truths)] as const]
      }),
    )
  }

  private labelOf({ kind, of }: SignatureAnswer): string | undefined {
    if (kind === 'embedding') return this.signature.labels.find((label) => label.kind === 'Class')?.name
    return kind === 'logits' ? undefined : of
  }

  private metricsOf(
    { kind }: SignatureAnswer,
    label: string,
    rows: readonly Float32Array[],
    truths: readonly Target[],
  ): AnswerMetrics {
    const classes = () => truths.map(classOf)
    const numbers = () => truths.map(numbersOf)
    if (kind === 'classes') return classesMetrics(rows, classes())
    if (kind === 'labels') return labelsMetrics(present(this.names[label], `the names of ${label}`), rows, numbers())
    if (kind === 'values') return valuesMetrics(rows, numbers())
    return retrievalMetrics(rows, classes())
  }
}

function classesMetrics(rows: readonly Float32Array[], classes: readonly number[]): ClassesMetrics {
  const ranks = rows.map((row, index) => {
    const own = elementAt(row, elementAt(classes, index))
    return { first: argMax(row) === classes[index], above: row.filter((other) => other > own).length }
  })
  return {
    kind: 'classes',
    top1: mean(ranks.map(({ first }) => Number(first))),
    top5: mean(ranks.map(({ above }) => Number(above < 5))),
  }
}

function classOf(target: Target): number {
  if (typeof target === 'number') return target
  throw new Error('a row of numbers is no class')
}

function numbersOf(target: Target): readonly number[] {
  if (typeof target !== 'number') return target
  throw new Error('a class is no row of numbers')
}

/** Returns the main metric of the first prediction that has one. */
export function scoreOf(metrics: Readonly<Record<string, AnswerMetrics>>): Score | undefined {
  for (const [answer, one] of Object.entries(metrics)) {
    const main = mainMetric(one)
    if (main) return { answer, ...main }
  }
  return undefined
}

function mainMetric(metrics: AnswerMetrics): Omit<Score, 'answer'> | undefined {
  switch (metrics.kind) {
    case 'classes':
      return { metric: 'top-1', value: metrics.top1 }
    case 'labels':
      return metrics.mAP === undefined ? undefined : { metric: 'mAP', value: metrics.mAP }
    case 'values':
      return { metric: 'R2', value: metrics.r2 }
    case 'embedding':
      return metrics.queries === 0
        ? undefined
        : { metric: 'recall@1', value: present(metrics.recall['1'], 'the recall of the nearest image') }
  }
}

/** Returns the main metric of each prediction, by `PREDICTION METRIC`. */
export function mainScores(metrics: Readonly<Record<string, AnswerMetrics>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, one]) => {
      const main = mainMetric(one)
      return main ? [[`${name} ${main.metric}`, main.value] as const] : []
    }),
  )
}

/** `species top-1 87.5 %, traits mAP 0.912, length R2 0.812` */
export function answersText(metrics: Readonly<Record<string, AnswerMetrics>>): string {
  return Object.entries(metrics)
    .flatMap(([name, one]) => {
      const main = mainMetric(one)
      if (!main) return []
      const value = main.metric === 'top-1' || main.metric === 'recall@1' ? percent(main.value) : main.value.toFixed(3)
      return [`${name} ${main.metric} ${value}`]
    })
    .join(', ')
}

/** Returns the metrics of a prediction by name, as they are printed. */
export function metricTexts(metrics: AnswerMetrics): (readonly [name: string, value: string])[] {
  switch (metrics.kind) {
    case 'classes':
      return [
        ['top-1', percent(metrics.top1)],
        ['top-5', percent(metrics.top5)],
      ]
    case 'labels':
      return [
        ...(metrics.mAP === undefined ? [] : [['mAP', metrics.mAP.toFixed(3)] as const]),
        ['F1', metrics.f1.toFixed(3)],
        ['micro F1', metrics.microF1.toFixed(3)],
      ]
    case 'values':
      return [
        ['MAE', short(metrics.mae)],
        ['RMSE', short(metrics.rmse)],
        ['R2', metrics.r2.toFixed(3)],
      ]
    case 'embedding':
      return [
        ...Object.entries(metrics.recall).map(([k, share]) => [`recall@${k}`, percent(share)] as const),
        ['mAP', metrics.mAP.toFixed(3)],
      ]
  }
}

/** Returns the numbers of a prediction by metric, as curves show them. */
export function metricNumbers(metrics: AnswerMetrics): Record<string, number> {
  switch (metrics.kind) {
    case 'classes':
      return { top1: metrics.top1, top5: metrics.top5 }
    case 'labels':
      return { ...(metrics.mAP !== undefined && { mAP: metrics.mAP }), f1: metrics.f1 }
    case 'values':
      return { mae: metrics.mae, rmse: metrics.rmse, r2: metrics.r2 }
    case 'embedding':
      return {
        ...Object.fromEntries(Object.entries(metrics.recall).map(([k, share]) => [`recall_at_${k}`, share])),
        mAP: metrics.mAP,
      }
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const short = (value: number) => String(Number(value.toPrecision(4)))
