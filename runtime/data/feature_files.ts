import { createHash, randomBytes } from 'node:crypto'
import { open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { makeCacheFolder } from '../engines/provision/space.js'
import { hasCode, kindOf, processOfTemporary, temporaryBeside } from '../files.js'
import { isAlive } from '../lock.js'
import { packageVersion } from '../package_version.js'

/** The features of one image. */
export interface FeatureEntry {
  /** The size and orientation of the decoded image. */
  readonly image: Decoded
  /** Whether the values are stored in half precision. */
  readonly half: boolean
  /** The values of all features, one after another. */
  readonly bytes: Uint8Array
}

export type Decoded = z.infer<typeof decoded>

const size = { width: z.number(), height: z.number() }
const decoded = z.object({
  ...size,
  orientation: z.number().exactOptional(),
  whole: z.object(size).exactOptional(),
})

/** The header of a file, preceded by its length in bytes. Offsets of entries count from the end of the header. */
const header = z.object({
  wsban: z.string(),
  entries: z.array(
    z.object({
      key: z.string(),
      offset: z.int().min(0),
      length: z.int().min(0),
      sha256: z.string(),
      half: z.boolean(),
      image: decoded,
    }),
  ),
})

type Stored = z.infer<typeof header>['entries'][number]

interface Place extends Stored {
  readonly file: string
  /** In bytes from the beginning of the file. */
  readonly start: number
}

const ownName = /^[0-9a-f]{24}\.features$/
const ownFolder = /^[0-9a-f]{32}$/
const lengthBytes = 4
const longestHeader = 2 ** 24

/**
 * Features in files, one file per batch. A file is written under a temporary name, renamed, and never modified. Entries are verified by checksum when
 * read: a damaged entry counts as absent.
 */
export class FeatureFiles {
  private readonly places = new Map<string, Place>()

  private constructor(
    private readonly folder: string,
    private readonly mostBytes: number,
    /** The size of all files below the root. */
    private bytes: number,
  ) {}

  /**
   * Opens the files of one computation. The least recently used files below the root are removed until their total size is within the limit.
   *
   * @param root a folder used for features only
   * @param program a hash of the computation and its weights, 32 hexadecimal digits
   * @param mostBytes of all files below the root
   */
  static async open(root: string, program: string, mostBytes: number): Promise<FeatureFiles> {
    const folder = join(root, program)
    await makeCacheFolder(folder)
    const bytes = await makeRoom(root, mostBytes)
    const files = new FeatureFiles(folder, mostBytes, bytes)
    await files.scan()
    return files
  }

  has(key: string): boolean {
    return this.places.has(key)
  }

  /** Returns what was stored under the key; undefined if there is nothing, or if it is damaged. */
  async read(key: string): Promise<FeatureEntry | undefined> {
    const place = this.places.get(key)
    if (!place) return undefined
    const bytes = await readPart(place).catch(() => undefined)
    if (bytes && hashOf(bytes) === place.sha256) return { image: place.image, half: place.half, bytes }
    // Another process removed the file, or the disk damaged it.
    this.places.delete(key)
    return undefined
  }

  /**
   * Stores entries in one file.
   *
   * @returns false if the files would be larger than allowed together
   * @throws an error of the file system, such as that of a full disk
   */
  async write(entries: readonly (readonly [key: string, entry: FeatureEntry])[]): Promise<boolean> {
    let offset = 0
    const stored = entries.map(([key, { image, half, bytes }]): Stored => {
      const entry = { key, offset, length: bytes.length, sha256: hashOf(bytes), half, image }
      offset += bytes.length
      return entry
    })
    const head = Buffer.from(
      JSON.stringify({ wsban: packageVersion(), entries: stored } satisfies z.input<typeof header>),
    )
    const length = Buffer.alloc(lengthBytes)
    length.writeUInt32LE(head.length)
    const total = lengthBytes + head.length + offset
    if (this.bytes + total > this.mostBytes) return false
    const file = join(this.folder, `${randomBytes(12).toString('hex')}.features`)
    const temporary = temporaryBeside(file)
    try {
      await writeFile(temporary, Buffer.concat([length, head, ...entries.map(([, { bytes }]) => bytes)]), {
        flag: 'wx',
        mode: 0o600,
      })
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    this.bytes += total
    this.add(file, lengthBytes + head.length, stored)
    return true
  }

  private add(file: string, start: number, entries: readonly Stored[]): void {
    for (const entry of entries) this.places.set(entry.key, { ...entry, file, start: start + entry.offset })
  }

  /** Lists the entries of the files that are there, and marks the files as used. */
  private async scan(): Promise<void> {
    const now = new Date()
    for (const name of await readdir(this.folder)) {
      const file = join(this.folder, name)
      if (isLeftOver(name) && (await kindOf(file)) === 'file') await rm(file, { force: true })
      if (!ownName.test(name)) continue
      const found = await readHeader(file)
      if (!found) continue
      this.add(file, found.start, found.entries)
      // A file of another user stays as it is.
      await utimes(file, now, now).catch(() => undefined)
    }
  }
}

/** Removes the files that were used longest ago, until all are a tenth smaller than allowed. Returns the bytes that are left. */
async function makeRoom(root: string, mostBytes: number): Promise<number> {
  const files = await ownFiles(root)
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (bytes <= mostBytes) return bytes
  for (const file of files.sort((a, b) => a.used - b.used)) {
    if (bytes <= 0.9 * mostBytes) break
    await rm(file.path, { force: true })
    bytes -= file.bytes
  }
  return bytes
}

interface OwnFile {
  readonly path: string
  readonly bytes: number
  readonly used: number
}

/** The files of features below the root, by their names; links and anything else are left out. */
async function ownFiles(root: string): Promise<OwnFile[]> {
  const found: OwnFile[] = []
  for (const folder of await readdir(root, { withFileTypes: true })) {
    if (!folder.isDirectory() || !ownFolder.test(folder.name)) continue
    for (const file of await readdir(join(root, folder.name), { withFileTypes: true })) {
      if (!file.isFile() || !ownName.test(file.name)) continue
      const path = join(root, folder.name, file.name)
      // Another process may have removed it meanwhile.
      const state = await stat(path).catch(() => undefined)
      if (state) found.push({ path, bytes: state.size, used: state.mtimeMs })
    }
  }
  return found
}

/** Returns the entries of a file, and where the first one begins; undefined if it is no whole file of features. */
async function readHeader(
  file: string,
): Promise<{ readonly start: number; readonly entries: readonly Stored[] } | undefined> {
  try {
    const handle = await open(file)
    try {
      const { buffer: length } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, 0)
      const bytes = length.readUInt32LE()
      if (bytes > longestHeader) return undefined
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, lengthBytes)
      if (bytesRead < bytes) return undefined
      const { entries } = header.parse(JSON.parse(buffer.toString('utf8')))
      return { start: lengthBytes + bytes, entries }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError || hasCode(error, 'ENOENT', 'EACCES'))
      return undefined
    throw error
  }
}

async function readPart({ file, start, length }: Place): Promise<Uint8Array | undefined> {
  const handle = await open(file)
  try {
    const { size: bytes } = await handle.stat()
    if (start + length > bytes) return undefined
    const part = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(part, done, length - done, start + done)
      if (bytesRead === 0) return undefined
      done += bytesRead
    }
    return part
  } finally {
    await handle.close()
  }
}

function isLeftOver(name: string): boolean {
  const id = processOfTemporary(name)
  return id !== undefined && !isAlive(id)
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
