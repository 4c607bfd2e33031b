import { open } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'

/**
 * The metadata of an ONNX file (class names, spec, version), read without loading the weights: top-level protobuf fields are skipped by their
 * lengths, and only metadata_props (field 14) is parsed.
 *
 * @throws Failure `onnx-unreadable` if the file is not a protobuf message
 */
export async function readOnnxMetadata(path: string): Promise<Readonly<Record<string, string>>> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, reasonOf(error), error)
  })
  try {
    const { size } = await file.stat()
    if (size === 0) throw unreadable(path, 'it is empty')
    const metadata = new Map<string, string>()
    let offset = 0
    while (offset < size) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, offset)
      const head = buffer.subarray(0, bytesRead)
      const tag = readVarint(head, 0)
      const wire = tag ? tag.value % 8 : -1
      const value = tag && readVarint(head, tag.next)
      if (!tag || !value || (wire !== 0 && wire !== 2)) throw unreadable(path, 'it is no ONNX file')
      if (wire === 2) {
        if (offset + value.next + value.value > size) throw unreadable(path, 'it is cut off')
        if (Math.floor(tag.value / 8) === 14) {
          const entry = await file.read(Buffer.alloc(value.value), 0, value.value, offset + value.next)
          const [key, text] = readEntry(entry.buffer)
          metadata.set(key, text)
        }
      }
      offset += value.next + (wire === 2 ? value.value : 0)
    }
    return Object.fromEntries(metadata)
  } finally {
    await file.close()
  }
}

function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } | undefined {
  let value = 0
  for (let i = start; i < bytes.length && i < start + 8; i++) {
    const byte = bytes[i] as number
    value += (byte % 0x80) * 2 ** (7 * (i - start))
    if (byte < 0x80) return { value, next: i + 1 }
  }
  return undefined
}

/** StringStringEntryProto: key is field 1, value field 2. */
function readEntry(bytes: Uint8Array): [string, string] {
  const texts = ['', '']
  let offset = 0
  while (offset < bytes.length) {
    const tag = bytes[offset] as number
    const length = readVarint(bytes, offset + 1)
    if (!length) break
    texts[Math.floor(tag / 8) - 1] = new TextDecoder().decode(bytes.subarray(length.next, length.next + length.value))
    offset = length.next + length.value
  }
  return [texts[0] ?? '', texts[1] ?? '']
}

function unreadable(path: string, reason: string, cause?: unknown): Failure {
  return new Failure(
    {
      code: 'onnx-unreadable',
      message: `${path} cannot be read: ${reason}`,
      help: 'give a .onnx file that wsban exported',
      path,
    },
    { cause },
  )
}
