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

/** Everything about a model that its page needs before it loads anything; a script element of index.html holds it as JSON. */
export const pageSettings = z.object({
  /** In the order of the probabilities, as the data set has them. */
  labels: z.array(z.string()),
  /** The same classes as people read them. */
  names: z.array(z.string()),
  /** The part of an image that the model sees. */
  view: z.object({ offset: z.number(), share: z.number() }),
  calibration: z.nullable(z.object({ temperature: z.number(), threshold: z.number(), kept: z.number() })),
  /** How images are resized for the model; null if the model does it. */
  resize: z.nullable(z.object({ size: z.number(), interpolation: z.enum(['bilinear', 'bicubic']) })),
  /** ONNX Runtime's WebAssembly, compressed by gzip. */
  runtime: asset,
  model: asset,
  samples: z.array(samplePhoto),
})
export type PageSettings = z.infer<typeof pageSettings>
