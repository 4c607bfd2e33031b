import * as z from 'zod'

/** The messages from the studio's server to its page, which validates them. */

const numbers = z.record(z.string(), z.number())

/** The metric of a classifier, a fraction. */
export const topOne = 'top-1'

/** The metric by which the epochs of a run are compared. */
const score = z.object({ metric: z.string(), value: z.number() })

/** A run as it stands. */
export const runState = z.object({
  /** The run's index in the list; part of URLs. */
  id: z.number().int().min(0),
  /** The folder. */
  name: z.string(),
  model: z.string(),
  /** `waiting`: the run does not exist yet. `training`: by a process of this studio; `elsewhere`: by another process. */
  condition: z.enum(['waiting', 'training', 'stopping', 'elsewhere', 'stopped', 'finished']),
  /** The other process that trains the run. */
  holder: z.string().optional(),
  /** The epochs of the run, and the completed ones as a fraction. */
  epochs: z.number(),
  epoch: z.number(),
  secondsLeft: z.number().optional(),
  /** The last progress line of the training process. */
  said: z.string().optional(),
  /** Why training ended, or why the run cannot be shown. */
  problem: z.string().optional(),
  best: score.extend({ epoch: z.number() }).optional(),
  steps: z.array(z.object({ epoch: z.number(), loss: z.number(), rate: z.number() })),
  ends: z.array(z.object({ epoch: z.number(), losses: numbers, top1: numbers, score: score.optional() })),
  confused: z
    .object({
      epoch: z.number(),
      pairs: z.array(
        z.object({
          truth: z.string(),
          predicted: z.string(),
          count: z.number(),
          total: z.number(),
          /** Indices of some of the images in the validation split. */
          images: z.array(z.number()),
        }),
      ),
    })
    .optional(),
  /** The watched images, and the epochs for which there are predictions. */
  shown: z
    .object({
      images: z.array(z.object({ index: z.number(), label: z.string().optional() })),
      epochs: z.array(z.number()),
      problem: z.string().optional(),
    })
    .optional(),
})
export type RunState = z.infer<typeof runState>

export const studioState = z.object({ runs: z.array(runState) })
export type StudioState = z.infer<typeof studioState>

/** The prediction for an image. */
export const shownAnswer = z.object({
  /** The most probable classes, best first; empty if the model predicts no class. */
  classes: z.array(z.object({ name: z.string(), probability: z.number() })),
  /** The other predictions of a model with several, in words. */
  others: z.array(z.string()),
  known: z.boolean().optional(),
  /** y1, x1, y2, x2 in fractions of the image. */
  box: z.array(z.number()).length(4).optional(),
  map: z
    .object({
      /** In row-major order; the maximum is 255. */
      values: z.array(z.number()),
      height: z.number(),
      width: z.number(),
      /** The part of the image that it covers. */
      view: z.object({ offset: z.number(), share: z.number() }),
    })
    .optional(),
})
export type ShownAnswer = z.infer<typeof shownAnswer>

/** The predictions of an epoch for the watched images. */
export const epochAnswers = z.array(shownAnswer)

/** The prediction for an uploaded photo, with the photo in a format that browsers display. */
export const photoAnswer = z.object({ answer: shownAnswer, jpeg: z.string(), checkpoint: z.string() })
export const refusal = z.object({ error: z.string() })
