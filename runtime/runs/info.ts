import { z } from 'zod'
import { storedSpec } from '../specs/stored_schema.js'

/** What a run is: written when it begins, and again as checkpoints come. */
export const runFile = z.object({
  wsban: z.string(),
  model: z.string(),
  spec: storedSpec,
  /** Class names in the order of the logits. */
  classes: z.array(z.string()),
  data: z.string(),
  /** Of the names and labels of the pictures it began with. */
  samples: z.string().optional(),
  seed: z.number(),
  epochs: z.number(),
  batch: z.number(),
  engine: z.string(),
  /** What --weights named, if it did. */
  weights: z.string().optional(),
  /** Minutes between checkpoints within an epoch; 0 for none. */
  saveEvery: z.number().default(10),
  /** How many ends of epochs are kept beside the best and the last checkpoint. */
  keep: z.number().default(0),
  /** Folders below checkpoints/. */
  last: z.string().optional(),
  best: z.string().optional(),
  bestScore: z.number().optional(),
  kept: z.array(z.string()).default([]),
})
export type RunInfo = z.infer<typeof runFile>
