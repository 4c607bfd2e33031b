import * as z from 'zod'
import { storedSpec } from '../specs/stored_schema.js'
import { checkpointNamePattern } from './checkpoint.js'

/** A folder below checkpoints/, never another path, since a run may come from an untrusted source. */
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
    /** The names of classes and labels by label input, if there are others than a single class. */
    labelNames: z.record(z.string(), z.array(z.string()).readonly()).optional(),
    /** The path of the images, as given. */
    data: z.string(),
    /** The same path relative to the run's folder; see `dataOf`. */
    dataFromRun: z.string().optional(),
    /** The fingerprint of its training images' names and labels. */
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
    /** How many epoch checkpoints are kept besides the best and the last one. */
    keep: fromZero.default(0),
    last: checkpoint.optional(),
    /** The checkpoint before `last`, a fallback if `last` is damaged; with `keep`, one of `kept`. */
    previous: checkpoint.optional(),
    best: checkpoint.optional(),
    bestScore: z.number().optional(),
    kept: z.array(checkpoint).default([]),
    /** All checkpoints that this run has written and not removed. Any other checkpoint is foreign. */
    written: z.array(checkpoint).optional(),
  })
  .refine(({ classes, labelNames }) => classes.length > 0 || labelNames !== undefined, {
    message: 'a run without classes has label inputs of other kinds',
  })
export type RunInfo = z.infer<typeof runFile>
