import * as z from 'zod'
import type { StoredSpec } from './stored.js'

const setting = z.union([z.number(), z.boolean(), z.string()])

/** Reads what a run or an exported file kept of its spec. */
export const storedSpec: z.ZodType<StoredSpec> = z
  .object({
    entry: z.string(),
    files: z.record(z.string(), z.string()),
    imports: z.array(z.object({ importer: z.string(), specifier: z.string(), source: z.string() })),
    settings: z.record(z.string(), setting),
    train: z.array(z.string()).exactOptional(),
    defaults: z.record(z.string(), z.record(z.string(), z.union([setting, z.null()]))).exactOptional(),
  })
  .refine(({ entry, files }) => Object.hasOwn(files, entry), { message: 'its text is missing' })
