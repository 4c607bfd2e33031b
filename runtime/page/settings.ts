import * as z from 'zod/mini'

/** A large file that the page loads: from a server as it is, from a disk in pieces within scripts, in order. */
const asset = z.object({
  file: z.string(),
  bytes: z.number(),
  pieces: z.array(z.string()),
})
export type Asset = z.infer<typeof asset>

/** A photo that the page offers: a JPEG as a data URI. */
const samplePhoto = z.object({ name: z.string(), uri: z.string() })
export type SamplePhoto = z.infer<typeof samplePhoto>

/** The facts about a model that its page needs before loading; JSON in a script element of index.html. */
export const pageSettings = z.object({
  /** The class names of the data set, in the order of the probabilities. */
  labels: z.array(z.string()),
  /** The display names of the same classes. */
  names: z.array(z.string()),
  /** The part of an image that the model sees. */
  view: z.object({ offset: z.number(), share: z.number() }),
  calibration: z.nullable(
    z.object({ temperature: z.number(), bias: z.number(), threshold: z.number(), kept: z.number() }),
  ),
  /** How images are resized for the model; null if the model does it. */
  resize: z.nullable(z.object({ size: z.number(), interpolation: z.enum(['bilinear', 'bicubic']) })),
  /** ONNX Runtime's WebAssembly, compressed by gzip. */
  runtime: asset,
  model: asset,
  samples: z.array(samplePhoto),
})
export type PageSettings = z.infer<typeof pageSettings>
