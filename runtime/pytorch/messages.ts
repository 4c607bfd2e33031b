import * as z from 'zod'
import { trainingRecord } from '../training/metrics_records.js'

/** A line of the output of train.py --json. */
export const pytorchMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['say', 'warn', 'progress']), text: z.string() }),
  z.object({ kind: z.literal('log'), record: trainingRecord }),
  z.object({ kind: z.literal('error'), code: z.string(), message: z.string(), help: z.string() }),
  z.object({
    kind: z.literal('end'),
    interrupted: z.boolean(),
    endedEarly: z.boolean(),
    steps: z.number(),
    seconds: z.number(),
    secondsPerStep: z.number(),
  }),
])
export type PytorchMessage = z.infer<typeof pytorchMessage>
