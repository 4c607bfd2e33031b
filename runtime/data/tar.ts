import { open } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'

/** A file in a tar archive. */
export interface TarMember {
  readonly name: string
  /** The offset of its contents in the archive, in bytes. */
  readonly offset: number
  /** In bytes. */
  readonly length: number
  /** Its contents, if they are short. */
  readonly content?: Uint8Array
}

const BLOCK = 512
/** The number of bytes read at a time: a header and short members after it. */
const WINDOW = 8192
/** Members up to this many bytes are read with their contents. */
const SHORT = 65536
/** Long names are far shorter; a larger one is damage. */
const MOST_NAME = 1 << 20

/**
 * Lists the regular files of a tar archive (POSIX ustar and pax, GNU) without unpacking it.
 *
 * @throws Failure `tar-broken` for a file that is no tar archive, is compressed, or ends within a member
 */
export async function readTar(path: string): Promise<readonly TarMember[]> {
  const broken = (reason: string, help = 'get the archive again', cause?: unknown) =>
    new Failure({ code: 'tar-broken', message: `cannot read the archive ${path}: ${reason}`, help, path }, { cause })
  const handle = await open(path).catch((error: unknown) => {
    throw broken(reasonOf(error), 'check the path and your right to read it', error)
  })
  try {
    const { size } = await handle.stat()
    let window: Uint8Array = new Uint8Array()
    let start = 0
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      if (offset + length > size) throw broken(`it ends at byte ${size}, within a member`)
      if (offset < start || offset + length > start + window.length) {
        const buffer = new Uint8Array(Math.min(Math.max(WINDOW, length), size - offset))
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset)
        window = buffer.subarray(0, bytesRead)
        start = offset
        if (bytesRead < length) throw broken(`it ends at byte ${offset + bytesRead}, within a member`)
      }
      return window.subarray(offset - start, offset - start + length)
    }
    const members: TarMember[] = []
    let longName: string | undefined
    let longSize: number | undefined
    for (let offset = 0; offset < size; ) {
      const header = await read(offset, Math.min(BLOCK, size - offset))
      // The archive ends with blocks of zeros.
      if (header.every((byte) => byte === 0)) break
      if (header.length < BLOCK || !isHeader(header))
        throw isGzip(header)
          ? broken('it is compressed, so that its images cannot be read one by one', `decompress it: gunzip ${path}`)
          : broken(`there is no header at byte ${offset}`)
      const type = String.fromCharCode(header[156] ?? 0)
      const length = longSize ?? numberIn(header, 124, 12)
      if (!Number.isSafeInteger(length)) throw broken(`the header at byte ${offset} has no size`)
      const content = offset + BLOCK
      const next = content + Math.ceil(length / BLOCK) * BLOCK
      if (type === 'L' || type === 'x') {
        if (length > MOST_NAME) throw broken(`the header at byte ${offset} has a name of ${length} bytes`)
        const bytes = await read(content, length)
        if (type === 'L') longName = textOf(bytes)
        else {
          const fields = paxFields(bytes)
          longName = fields.get('path') ?? longName
          const given = fields.get('size')
          longSize = given === undefined ? undefined : Number(given)
        }
      } else {
        if (type === '0' || type === '\0') {
          if (content + length > size) throw broken(`it ends at byte ${size}, within a member`)
          members.push({
            name: longName ?? nameIn(header),
            offset: content,
            length,
            ...(length <= SHORT &&
              isText(longName ?? nameIn(header)) && { content: (await read(content, length)).slice() }),
          })
        }
        longName = undefined
        longSize = undefined
      }
      offset = next
    }
    return members
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error && 'code' in error)) throw error
    throw broken(reasonOf(error), 'check the file and the disk', error)
  } finally {
    await handle.close()
  }
}

/** Whether a member's contents say what an image is. */
function isText(name: string): boolean {
  return /\.(?:cls|txt|json|label|class)$/i.test(name)
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Whether the checksum holds: the sum of all bytes, with the checksum's own field as blanks. */
function isHeader(header: Uint8Array): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  return numberIn(header, 148, 8) === sum
}

/** Octal digits, or GNU's binary form for sizes of 8 GiB and more. NaN for anything else. */
function numberIn(header: Uint8Array, from: number, length: number): number {
  const bytes = header.subarray(from, from + length)
  if (bytes[0] === 0x80) return bytes.subarray(1).reduce((total, byte) => total * 256 + byte, 0)
  const [, digits] = /^[\0 ]*([0-7]+)[\0 ]*$/.exec(String.fromCharCode(...bytes)) ?? []
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8)
}

function nameIn(header: Uint8Array): string {
  const name = textOf(header.subarray(0, 100))
  const prefix =
    textOf(header.subarray(257, 262)) === 'ustar' && header[262] === 0 ? textOf(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** Records of the form `LENGTH KEY=VALUE\n`, whose length counts the whole record in bytes. */
function paxFields(bytes: Uint8Array): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(32, at)
    const length = blank < 0 ? Number.NaN : Number(textOf(bytes.subarray(at, blank)))
    if (!(length > 0)) break
    const [, key, value] = /^([^=]*)=(.*)\n$/s.exec(textOf(bytes.subarray(blank + 1, at + length))) ?? []
    if (key !== undefined && value !== undefined) fields.set(key, value)
    at += length
  }
  return fields
}
