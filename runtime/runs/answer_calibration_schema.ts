import * as z from 'zod'
import type { AnswerCalibration } from './answer_calibration.js'

export const answerCalibration = z.object({
  temperature: z.number().positive(),
  /** Calibrations of earlier versions have no bias. */
  bias: z.number().min(0).default(0),
  threshold: z.number().min(0).max(1),
  kept: z.number().min(0).max(1),
  images: z.number().int().positive(),
  errorBefore: z.number(),
  errorAfter: z.number(),
  errorExpected: z.number(),
}) satisfies z.ZodType<AnswerCalibration>
