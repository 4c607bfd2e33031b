import { z } from 'zod'

/** A model's text with everything it imports and the settings chosen for it: enough to compile the same graph anywhere. */
export const storedSpec = z.object({
  entry: z.string(),
  /** Texts by source. */
  files: z.record(z.string(), z.string()),
  /** What each import led to: source by `importer` and `specifier`. */
  imports: z.array(z.object({ importer: z.string(), specifier: z.string(), source: z.string() })),
  settings: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
  /** What --train said. */
  train: z.array(z.string()).optional(),
  /** The defaults of the version that read it first: what the text leaves out means the same ever after. */
  defaults: z
    .record(z.string(), z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])))
    .optional(),
})
export type StoredSpec = z.infer<typeof storedSpec>
