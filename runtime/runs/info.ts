import * as z from 'zod'
import { storedSpec } from '../specs/stored_schema.js'
import { checkpointNamePattern } from './checkpoint.js'

/** A folder below checkpoints/: never a path that leads elsewhere, since a run may come from someone else. */
const checkpoint = z.string().regex(checkpointNamePattern)

const count = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1)
const fromZero = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** The description of a run, written when it begins and with each checkpoint. */
export const runFile = z
  .object({
    wsban: z.string(),
    model: z.string(),
    spec: storedSpec,
    /** Class names in the order of the logits; empty for a model without a class label. */
    classes: z.array(z.string()),
    /** The names of classes and labels by label input, where there are others than one class. */
    labelNames: z.record(z.string(), z.array(z.string()).readonly()).optional(),
    /** The images, as they were named. */
    data: z.string(),
    /** The same place seen from the run's folder; see `dataOf`. */
    dataFromRun: z.string().optional(),
    /** Of the names and labels of the images it began with. */
    samples: z.string().optional(),
    seed: fromZero,
    /** The share of train that is held out where the data set has no val split, if it is not the usual one. */
    holdOut: z.number().min(0).lt(1).optional(),
    epochs: count,
    batch: count,
    engine: z.string(),
    /** The argument of --weights, if given. */
    weights: z.string().optional(),
    /** Minutes between checkpoints within an epoch; 0 for none. */
    saveEvery: z.number().nonnegative().default(10),
    /** How many ends of epochs are kept beside the best and the last checkpoint. */
    keep: fromZero.default(0),
    last: checkpoint.optional(),
    /** The one before `last`, for when that one is damaged; with `keep` one of `kept` is. */
    previous: checkpoint.optional(),
    best: checkpoint.optional(),
    bestScore: z.number().optional(),
    kept: z.array(checkpoint).default([]),
    /** All that this run wrote and has not removed yet. A checkpoint that is not among them is someone else's. */
    written: z.array(checkpoint).optional(),
  })
  .refine(({ classes, labelNames }) => classes.length > 0 || labelNames !== undefined, {
    message: 'a run without classes has label inputs of other kinds',
  })
export type RunInfo = z.infer<typeof runFile>
