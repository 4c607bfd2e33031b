import * as z from 'zod'
import { type Dtype, dtypeBytes, isDtype } from '../dtype.js'
import type { WeightEntry } from '../weight_file.js'

const entry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
})
// Not z.record, which leaves out a key called __proto__.
const header = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

/** The key of the header under which notes stand, and no tensor. */
export const metadataKey = '__metadata__'

/** No header of real weights comes near it; a file that claims more is broken or hostile. */
const largestHeader = 100 * 1024 * 1024

/** A file, or bytes in memory, read by place. */
export interface Bytes {
  readonly size: number
  readAt(start: number, count: number): Uint8Array
  /** The error for bytes that are not a complete safetensors file. */
  readonly fail: (reason: string, cause?: unknown) => Error
}

/** The tensors and texts that a safetensors file says it has; the values are read when they are asked for. */
export function readEntries(file: Bytes): { entries: Map<string, WeightEntry>; metadata: Record<string, string> } {
  const { fail } = file
  const { description, dataStart } = readHeader(file)
  const entries = new Map<string, WeightEntry>()
  let claimed = 0
  let metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(description)) {
    if (name === metadataKey) {
      metadata = textsOf(value)
      continue
    }
    const described = entry.safeParse(value)
    if (!described.success) throw fail(`the entry of ${name} is malformed`)
    const { dtype, shape } = described.data
    const [start, end] = described.data.data_offsets
    if (!isDtype(dtype)) throw fail(`${name} is ${dtype}, which is not read`)
    if (end - start !== bytesOf(dtype, shape) || dataStart + end > file.size)
      throw fail(`${name} lies outside of the file, or its size does not fit its shape`)
    claimed += end - start
    entries.set(name, { dtype, shape, bytes: async () => file.readAt(dataStart + start, end - start) })
  }
  if (claimed > file.size - dataStart) throw fail('its tensors lie over one another')
  return { entries, metadata }
}

/** The notes, where they are a table of texts. */
function textsOf(value: unknown): Record<string, string> {
  const notes = header.safeParse(value)
  const texts = Object.entries(notes.data ?? {})
  return Object.fromEntries(texts.filter((note): note is [string, string] => typeof note[1] === 'string'))
}

export function bytesOf(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1) * dtypeBytes[dtype]
}

function readHeader(file: Bytes) {
  const { size } = file
  if (size < 8) throw file.fail(`it has ${size} bytes`)
  const first = file.readAt(0, 8)
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))
  if (length > largestHeader || 8 + length > size)
    throw file.fail(`its header would have ${length} bytes, the file has ${size}`)
  const parsed = header.safeParse(parseJson(file.readAt(8, length), file.fail))
  if (!parsed.success) throw file.fail('its header is no table of tensors')
  return { description: parsed.data, dataStart: 8 + length }
}

function parseJson(bytes: Uint8Array, fail: Bytes['fail']): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw fail('its header is no JSON', error)
  }
}
