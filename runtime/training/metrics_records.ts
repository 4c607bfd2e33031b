import { z } from 'zod'

const numbers = z.record(z.string(), z.number())

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
      top1: numbers,
      top5: z.number(),
      calibrationError: z.number(),
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
  const { images, top1, top5, calibrationError, localisation, discriminativePart } = record.val
  return {
    ...under('epoch_loss', losses),
    ...(images > 0 && { ...under('val_top1', top1), val_top5: top5, val_calibration_error: calibrationError }),
    ...(localisation && { val_mean_iou: localisation.meanIou, val_iou_over_half: localisation.over50 }),
    ...(discriminativePart && { val_part_captured: discriminativePart.captured }),
    seconds_per_step: record.secondsPerStep,
    memory_gib: record.memory / 2 ** 30,
  }
}

/** TensorBoard groups what stands under one word. */
function under(group: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]))
}
