import type { WeightEntry } from '../weight_file.js'
import { bytesOf, metadataKey } from './safetensors_entries.js'

/** Yields the bytes of a safetensors file in order. No entry may be named `__metadata__`. */
export async function* safetensorsPieces(
  entries: ReadonlyMap<string, WeightEntry>,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  let offset = 0
  const described = [...entries].map(([name, { dtype, shape }]) => {
    const start = offset
    offset += bytesOf(dtype, shape)
    return [name, { dtype, shape, data_offsets: [start, offset] }] as const
  })
  // Not by assignment: a tensor may be named __proto__.
  const description = Object.fromEntries([[metadataKey, metadata], ...described])
  const unpadded = new TextEncoder().encode(JSON.stringify(description))
  // Spaces at its end, so that the values begin at a multiple of eight.
  const json = new Uint8Array(Math.ceil(unpadded.length / 8) * 8).fill(0x20)
  json.set(unpadded)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true)
  yield length
  yield json
  for (const { bytes } of entries.values()) yield await bytes()
}
