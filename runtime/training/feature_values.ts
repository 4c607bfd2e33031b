import type * as tf from '@tensorflow/tfjs-core'
import { elementAt, present } from '../../grammar/present.js'
import type { FeatureEntry } from '../data/feature_files.js'
import type { Features, FrozenPart } from '../model.js'
import { halfToNumber, numberToHalf } from '../weights/dtype.js'

/** The features of a batch, for the rest of the model. */
export interface BatchFeatures {
  /** The number of the part that computed them. */
  readonly part: number
  /** By name: [B, ...] */
  readonly values: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>
}

type Layout = FrozenPart['values']

/** Reads the values of a part's features from the engine, in their order: each [B, ...]. */
export async function featureValues(layout: Layout, tensors: Features): Promise<readonly Float32Array[]> {
  return Promise.all(
    layout.map(async ({ name }) => {
      const tensor: tf.Tensor = present(tensors[name], `the features ${name}`)
      return Float32Array.from(await tensor.data())
    }),
  )
}

/**
 * Returns the features of one image as bytes.
 *
 * @param values [B, ...] of each feature
 * @param index the image's place in the batch
 * @param count the number of images in the batch
 */
export function encodeFeatures(
  values: readonly Float32Array[],
  index: number,
  count: number,
  precision: 'single' | 'half',
): Pick<FeatureEntry, 'half' | 'bytes'> {
  const own = values.map((all) => {
    const length = all.length / count
    return all.subarray(index * length, (index + 1) * length)
  })
  const joined = new Float32Array(own.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const one of own) {
    joined.set(one, offset)
    offset += one.length
  }
  // The largest finite binary16 value is 65504. Features with larger values are stored in single precision.
  const half = precision === 'half' && joined.every((value) => Math.abs(value) < 65520)
  const bytes = half ? Uint16Array.from(joined, numberToHalf) : joined
  return { half, bytes: new Uint8Array(bytes.buffer) }
}

/** Returns the features of a batch by name, from those of its images. */
export function decodeFeatures(layout: Layout, entries: readonly FeatureEntry[]): BatchFeatures['values'] {
  let offset = 0
  return Object.fromEntries(
    layout.map(({ name, shape }) => {
      const length = shape.reduce((product, size) => product * size, 1)
      const data = new Float32Array(entries.length * length)
      for (const [index, entry] of entries.entries())
        decode(entry, offset, data.subarray(index * length, (index + 1) * length))
      offset += length
      return [name, { data, shape: [entries.length, ...shape] }]
    }),
  )
}

/** Fills `into` with the values of an entry from the offset on. */
function decode({ bytes, half }: FeatureEntry, offset: number, into: Float32Array): void {
  if (half) {
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset + offset * 2, into.length)
    for (let i = 0; i < into.length; i++) into[i] = elementAt(singles(), halves[i] as number)
  } else into.set(new Float32Array(bytes.buffer, bytes.byteOffset + offset * 4, into.length))
}

let table: Float32Array | undefined

/** The value of each of the 65536 numbers of binary16. */
function singles(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToNumber(bits))
  return table
}
