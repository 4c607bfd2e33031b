import * as z from 'zod'

/** Between the studio's server and its page, which checks what it is sent. */

const numbers = z.record(z.string(), z.number())

/** The metric of a classifier, a share. */
export const topOne = 'top-1'

/** The metric by which the epochs of a run are compared. */
const score = z.object({ metric: z.string(), value: z.number() })

/** A run as it stands. */
export const runState = z.object({
  /** The run's place in the list; part of addresses. */
  id: z.number().int().min(0),
  /** The folder. */
  name: z.string(),
  model: z.string(),
  /** `waiting`: nothing is written yet. `training` is by a process of this studio, `elsewhere` by another one. */
  condition: z.enum(['waiting', 'training', 'stopping', 'elsewhere', 'stopped', 'finished']),
  /** The process that trains elsewhere. */
  holder: z.string().optional(),
  /** Of the run, and those that are done; within an epoch a fraction. */
  epochs: z.number(),
  epoch: z.number(),
  secondsLeft: z.number().optional(),
  /** The last line of the training process. */
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
          /** Places of some of the images in the validation split. */
          images: z.array(z.number()),
        }),
      ),
    })
    .optional(),
  /** The images that are looked at each epoch, and the epochs of which there are answers. */
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
  /** The most probable classes, the first one first; none where a model predicts no class. */
  classes: z.array(z.object({ name: z.string(), probability: z.number() })),
  /** The other predictions of a model with several, in words. */
  others: z.array(z.string()),
  known: z.boolean().optional(),
  /** y1, x1, y2, x2 in fractions of the image. */
  box: z.array(z.number()).length(4).optional(),
  map: z
    .object({
      /** Row by row, 255 where it is largest. */
      values: z.array(z.number()),
      height: z.number(),
      width: z.number(),
      /** The part of the image that it covers. */
      view: z.object({ offset: z.number(), share: z.number() }),
    })
    .optional(),
})
export type ShownAnswer = z.infer<typeof shownAnswer>

/** The answers of an epoch about the images that are looked at. */
export const epochAnswers = z.array(shownAnswer)

/** The answer about a photo of the person's own, with the photo as the browser can show it. */
export const photoAnswer = z.object({ answer: shownAnswer, jpeg: z.string(), checkpoint: z.string() })
export const refusal = z.object({ error: z.string() })
