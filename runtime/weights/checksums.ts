import { createHash } from 'node:crypto'
import * as z from 'zod'
import { Failure } from '../failure.js'
import type { StoredTensor, WeightEntry } from './weight_file.js'

/** In the metadata of a safetensors file: JSON pairs of a tensor's name and the SHA-256 of its bytes. The PyTorch training program writes it, too. */
export const checksumsKey = 'wsban.sha256'

const pairs = z.array(z.tuple([z.string(), z.string()]))

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export function bytesOfValues({ values }: StoredTensor): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

export function checksumsOf(tensors: ReadonlyMap<string, StoredTensor>): string {
  return JSON.stringify([...tensors].map(([name, tensor]) => [name, sha256Of(bytesOfValues(tensor))]))
}

/**
 * Returns the entries, each of which verifies the checksum of its bytes when they are read. @param checksums what `checksumsOf` wrote
 * @throws Failure `weights-damaged`, if the tensors are not those that were written, and from `bytes()` if their values differ
 */
export function verified(
  path: string,
  entries: ReadonlyMap<string, WeightEntry>,
  checksums: string,
): ReadonlyMap<string, WeightEntry> {
  const expected = new Map(decoded(path, checksums))
  const strange = [...entries.keys()].find((name) => !expected.has(name))
  if (strange !== undefined) throw damaged(path, `no tensor of the name ${JSON.stringify(strange)} was written`)
  const missing = [...expected.keys()].find((name) => !entries.has(name))
  if (missing !== undefined) throw damaged(path, `${missing} is missing`)
  return new Map(
    [...entries].map(([name, entry]): [string, WeightEntry] => [
      name,
      {
        ...entry,
        bytes: async () => {
          const bytes = await entry.bytes()
          if (sha256Of(bytes) === expected.get(name)) return bytes
          throw damaged(path, `the values of ${name} are not those that were written`)
        },
      },
    ]),
  )
}

function decoded(path: string, checksums: string): z.infer<typeof pairs> {
  try {
    return pairs.parse(JSON.parse(checksums))
  } catch (error) {
    throw damaged(path, 'its checksums cannot be read', error)
  }
}

export function damaged(path: string, reason: string, cause?: unknown): Failure {
  return new Failure(
    {
      code: 'weights-damaged',
      message: `${path} has changed since it was written: ${reason}`,
      help: 'restore a backup of the file, or resume from an earlier checkpoint: wsban train ... --resume --from NAME',
      path,
    },
    { cause },
  )
}
