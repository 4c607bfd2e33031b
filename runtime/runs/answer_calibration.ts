import * as z from 'zod'

/** How answers are corrected, as measured on images with known classes. It is stored with a run and in the metadata of an exported file. */
export const answerCalibration = z.object({
  /**
   * The probabilities p become softmax(log p / temperature): temperature scaling (Guo et al. 2017, section 4.2), on the logarithm of the
   * model's prediction, which may be a mean over branches.
   */
  temperature: z.number().positive(),
  /** An image is of a known class where its largest probability, after that, is at least this. */
  threshold: z.number().min(0).max(1),
  /** The share of the images measured on that are at least that sure. */
  kept: z.number().min(0).max(1),
  /** How many images it was measured on. */
  images: z.number().int().positive(),
  /** The expected calibration error without the correction, and with it on images that it was not fitted to. */
  errorBefore: z.number(),
  errorAfter: z.number(),
  /** The error that exact probabilities would show, on average, on as few images. */
  errorExpected: z.number(),
})
export type AnswerCalibration = z.infer<typeof answerCalibration>
