import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Failure, reasonOf } from '../failure.js'
import { writeAtomically } from '../files.js'

/** Named float32 tensors with a little text beside them: the file format of weights. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

export interface StoredTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
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
  const description: Record<string, unknown> = { __metadata__: metadata }
  const pieces: Uint8Array[] = []
  let offset = 0
  for (const [name, { shape, values }] of tensors) {
    description[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] }
    pieces.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    offset += values.byteLength
  }
  const unpadded = new TextEncoder().encode(JSON.stringify(description))
  // Spaces at its end, so that the values begin at a multiple of eight.
  const json = new Uint8Array(Math.ceil(unpadded.length / 8) * 8).fill(0x20)
  json.set(unpadded)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true)
  await writeAtomically(path, [length, json, ...pieces])
}

/** @throws Failure `weights-unreadable` for whatever is no whole safetensors file of float32 tensors */
export async function readSafetensors(path: string): Promise<TensorFile> {
  const unreadable = (reason: string, cause?: unknown) =>
    new Failure(
      {
        code: 'weights-unreadable',
        message: `${path} holds no weights that can be read: ${reason}`,
        help: 'give a whole .safetensors file',
        path,
      },
      { cause },
    )
  const { headerBytes, dataStart, size } = await readHeader(path, unreadable)
  const parsed = header.safeParse(parseJson(headerBytes, unreadable))
  if (!parsed.success) throw unreadable('its header is no table of tensors')
  const { __metadata__: metadata = {}, ...rest } = parsed.data
  const data = await readFile(path)
  const tensors = new Map<string, StoredTensor>()
  for (const [name, value] of Object.entries(rest)) {
    const described = entry.safeParse(value)
    if (!described.success) throw unreadable(`the entry of ${name} is malformed`)
    const {
      dtype,
      shape,
      data_offsets: [start, end],
    } = described.data
    if (dtype !== 'F32') throw unreadable(`${name} is ${dtype}, and only F32 is read`)
    const count = shape.reduce((product, length) => product * length, 1)
    if (end - start !== count * 4 || dataStart + end > size)
      throw unreadable(`${name} lies outside of the file, or its size does not fit its shape`)
    const values = new Float32Array(count)
    new Uint8Array(values.buffer).set(data.subarray(dataStart + start, dataStart + end))
    tensors.set(name, { shape, values })
  }
  return { tensors, metadata: textRecord.catch({}).parse(metadata) }
}

type Unreadable = (reason: string, cause?: unknown) => Failure

async function readHeader(path: string, unreadable: Unreadable) {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(reasonOf(error), error)
  })
  try {
    const { size } = await file.stat()
    if (size < 8) throw unreadable(`it has ${size} bytes`)
    const length = Number((await file.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE())
    if (length > largestHeader || 8 + length > size)
      throw unreadable(`its header would have ${length} bytes, the file has ${size}`)
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, 8)
    return { headerBytes: buffer, dataStart: 8 + length, size }
  } finally {
    await file.close()
  }
}

function parseJson(bytes: Uint8Array, unreadable: Unreadable): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw unreadable('its header is no JSON', error)
  }
}
