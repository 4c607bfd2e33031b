import { Failure } from '../../failure.js'
import { writeAtomically } from '../../files.js'
import { bytesOfValues, checksumsKey, checksumsOf, verified } from '../checksums.js'
import { toFloat32 } from '../dtype.js'
import type { StoredTensor, Unreadable, WeightEntry, WeightFile } from '../weight_file.js'
import { unreadable } from '../weight_file.js'
import { ByteFile } from './byte_file.js'
import { metadataKey, readEntries } from './safetensors_entries.js'
import { safetensorsPieces } from './safetensors_pieces.js'

/** Named float32 tensors with metadata: a checkpoint written by wsban. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Writes a safetensors file (eight bytes of header length, a JSON header, the values) atomically. Its metadata has a checksum of each tensor, which
 * is verified when the tensor is read.
 */
export async function writeSafetensors(path: string, { tensors, metadata }: TensorFile): Promise<void> {
  const entries = new Map(
    [...tensors].map(([name, tensor]): [string, WeightEntry] => [
      name,
      { dtype: 'F32', shape: tensor.shape, bytes: async () => bytesOfValues(tensor) },
    ]),
  )
  await writeEntries(path, entries, { ...metadata, [checksumsKey]: checksumsOf(tensors) })
}

/** Writes entries one by one, with one tensor in memory at a time. */
export async function writeEntries(
  path: string,
  entries: ReadonlyMap<string, WeightEntry>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  if (entries.has(metadataKey))
    throw new Failure({
      code: 'weights-unwritable',
      message: `a tensor called ${metadataKey} cannot be written to ${path}: safetensors reserves this name for metadata`,
      help: 'rename the tensor in the checkpoint it comes from',
      path,
    })
  await writeAtomically(path, safetensorsPieces(entries, metadata))
}

/** @throws Failure `weights-unreadable` if it is not a complete safetensors file, `weights-damaged` if a checksum differs */
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

/** Reads the header; values are read on request. @throws Failure `weights-unreadable`, `weights-damaged` */
export function openSafetensors(path: string): WeightFile {
  const file = openBytes(path, unreadable(path))
  try {
    const { entries: stored, metadata: all } = readEntries(file)
    const { [checksumsKey]: checksums, ...metadata } = all
    const entries = checksums === undefined ? stored : verified(path, stored, checksums)
    return { path, format: 'safetensors', entries, metadata, close: async () => file.close() }
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
