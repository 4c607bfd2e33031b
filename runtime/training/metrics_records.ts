import * as z from 'zod'
import { metricNumbers, scoreMetrics } from '../inference/answer_metrics.js'

const numbers = z.record(z.string(), z.number())

/** The metrics of one prediction, by its meaning. */
export const answerMetrics = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('classes'), top1: z.number(), top5: z.number() }),
  z.object({
    kind: z.literal('labels'),
    mAP: z.number().optional(),
    f1: z.number(),
    microF1: z.number(),
    perLabel: z
      .array(
        z.object({ name: z.string(), images: z.number(), averagePrecision: z.number().optional(), f1: z.number() }),
      )
      .readonly(),
  }),
  z.object({ kind: z.literal('values'), mae: z.number(), rmse: z.number(), r2: z.number() }),
  z.object({ kind: z.literal('embedding'), queries: z.number(), recall: numbers.readonly(), mAP: z.number() }),
])

/** The records of a run's log.jsonl, the same for every engine. */
export const trainingRecord = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('step'),
    step: z.number(),
    epoch: z.number(),
    rate: z.number(),
    gradientNorm: z.number(),
    losses: numbers,
  }),
  z.looseObject({
    kind: z.literal('epoch'),
    epoch: z.number(),
    step: z.number(),
    losses: numbers,
    val: z.looseObject({
      images: z.number(),
      /** Of the probabilities of classes; absent where a model predicts none. */
      top1: numbers.readonly().optional(),
      top5: z.number().optional(),
      calibrationError: z.number().optional(),
      /** By prediction, if there are others than a single class. */
      answers: z.record(z.string(), answerMetrics).readonly().optional(),
      score: z.object({ answer: z.string(), metric: z.enum(scoreMetrics), value: z.number() }).optional(),
      localisation: z.looseObject({ meanIou: z.number(), over50: z.number() }).optional(),
      discriminativePart: z.looseObject({ captured: z.number() }).optional(),
    }),
    secondsPerStep: z.number(),
    waitingForData: z.number(),
    /** Bytes. */
    memory: z.number(),
  }),
])
export type TrainingRecord = z.infer<typeof trainingRecord>

/** The record as TensorBoard shows it. */
export function scalarsOf(record: TrainingRecord): Record<string, number> {
  const { losses } = record
  if (record.kind === 'step') return { ...under('loss', losses), rate: record.rate, gradient_norm: record.gradientNorm }
  const { images, top1, top5, calibrationError, localisation, discriminativePart, answers = {} } = record.val
  return {
    ...under('epoch_loss', losses),
    ...(images > 0 && {
      ...under('val_top1', top1 ?? {}),
      ...(top5 !== undefined && { val_top5: top5 }),
      ...(calibrationError !== undefined && { val_calibration_error: calibrationError }),
    }),
    ...Object.assign(
      {},
      ...Object.entries(answers).map(([name, metrics]) => under(`val_${name}`, metricNumbers(metrics))),
    ),
    ...(localisation && { val_mean_iou: localisation.meanIou, val_iou_over_half: localisation.over50 }),
    ...(discriminativePart && { val_part_captured: discriminativePart.captured }),
    seconds_per_step: record.secondsPerStep,
    memory_gib: record.memory / 2 ** 30,
  }
}

/** TensorBoard groups tags by their first component. */
function under(group: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]))
}
