import { z } from 'zod'
import { writeAtomically } from '../files.js'
import { ByteFile } from './byte_file.js'
import { type Dtype, dtypeBytes, isDtype, toFloat32 } from './dtype.js'
import type { StoredTensor, Unreadable, WeightEntry, WeightFile } from './file.js'
import { unreadable } from './file.js'

/** Named float32 tensors with a little text beside them: a checkpoint of our own. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

const entry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
})
const header = z.record(z.string(), z.unknown())
const textRecord = z.record(z.string(), z.string())

/** No header of real weights comes near it; a file that claims more is broken or hostile. */
const largestHeader = 100 * 1024 * 1024

/** safetensors: eight bytes of header length, a JSON header, the values. The whole file is written at once, or not at all. */
export async function writeSafetensors(path: string, { tensors, metadata }: TensorFile): Promise<void> {
  const entries = new Map(
    [...tensors].map(([name, { shape, values }]): [string, WeightEntry] => [
      name,
      {
        dtype: 'F32',
        shape,
        bytes: async () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      },
    ]),
  )
  await writeEntries(path, entries, metadata)
}

/** Any entries, one after another: of a large file no more than one tensor is in memory. */
export async function writeEntries(
  path: string,
  entries: ReadonlyMap<string, WeightEntry>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const description: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const [name, { dtype, shape }] of entries) {
    const length = bytesOf(dtype, shape)
    description[name] = { dtype, shape, data_offsets: [offset, offset + length] }
    offset += length
  }
  await writeAtomically(path, pieces(description, entries))
}

async function* pieces(description: unknown, entries: ReadonlyMap<string, WeightEntry>): AsyncGenerator<Uint8Array> {
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

function bytesOf(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1) * dtypeBytes[dtype]
}

/** @throws Failure `weights-unreadable` for whatever is no whole safetensors file */
export async function readSafetensors(path: string): Promise<TensorFile> {
  const file = openSafetensors(path)
  try {
    const tensors = new Map<string, StoredTensor>()
    for (const [name, { dtype, shape, bytes }] of file.entries)
      tensors.set(name, { shape, values: toFloat32(await bytes(), dtype) })
    return { tensors, metadata: file.metadata }
  } finally {
    await file.close()
  }
}

/** Reads the header; the values stay in the file. @throws Failure `weights-unreadable` */
export function openSafetensors(path: string): WeightFile {
  const fail = unreadable(path)
  const file = openBytes(path, fail)
  try {
    const { description, dataStart } = readHeader(file)
    const { __metadata__: metadata = {}, ...rest } = description
    const entries = new Map<string, WeightEntry>()
    let claimed = 0
    for (const [name, value] of Object.entries(rest)) {
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
    return {
      path,
      format: 'safetensors',
      entries,
      metadata: textRecord.catch({}).parse(metadata),
      close: async () => file.close(),
    }
  } catch (error) {
    file.close()
    throw error
  }
}

function openBytes(path: string, fail: Unreadable): ByteFile {
  try {
    return new ByteFile(path)
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), error)
  }
}

function readHeader(file: ByteFile) {
  const { size } = file
  if (size < 8) throw file.fail(`it has ${size} bytes`)
  const length = Number(file.take(8).readBigUInt64LE())
  if (length > largestHeader || 8 + length > size)
    throw file.fail(`its header would have ${length} bytes, the file has ${size}`)
  const parsed = header.safeParse(parseJson(file.take(length), file.fail))
  if (!parsed.success) throw file.fail('its header is no table of tensors')
  return { description: parsed.data, dataStart: 8 + length }
}

function parseJson(bytes: Uint8Array, fail: Unreadable): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw fail('its header is no JSON', error)
  }
}
