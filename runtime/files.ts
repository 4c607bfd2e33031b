import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, reasonOf } from './failure.js'

export interface WriteOptions {
  /** Of the new file; what the process gives to all of its files without. */
  readonly mode?: number
  /** Sees the whole file under its temporary name; when it throws, nothing is written. */
  readonly check?: ((temporary: string) => Promise<void>) | undefined
}

/**
 * Writes a file so that a reader, or a crash, sees the old one or the new one and nothing between:
 * a temporary name beside it, synced, renamed, and the folder synced.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { mode, check }: WriteOptions = {},
): Promise<void> {
  const chunks =
    typeof content === 'string' ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content
  const temporary = temporaryBeside(path)
  try {
    await makeFolder(dirname(path))
    const file = await open(temporary, 'wx', mode)
    try {
      for await (const chunk of chunks) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await check?.(temporary)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    // Errors from before the first byte carry their own message.
    if (error instanceof Failure) throw error
    throw new Failure(
      {
        code: 'cannot-write',
        message: `cannot write ${path}: ${reasonOf(error)}`,
        help: 'existing files are untouched; free some space or choose another folder with -o',
        path,
      },
      { cause: error },
    )
  }
}

/** A new name in the same folder. Its length does not depend on the path's, which may be as long as names can be. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.wsban-${process.pid}-${randomBytes(4).toString('hex')}.tmp`)
}

/** The process that made a temporary name, or undefined for any other name. */
export function processOfTemporary(name: string): number | undefined {
  const id = /^\.wsban-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name)?.[1]
  return id === undefined ? undefined : Number(id)
}

/** Describes the entry at a path without following a link; undefined if there is none. */
export async function kindOf(path: string): Promise<'file' | 'folder' | 'link' | 'other' | undefined> {
  try {
    const found = await lstat(path)
    if (found.isSymbolicLink()) return 'link'
    if (found.isFile()) return 'file'
    return found.isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether it is the system's error of that name, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code)
}

/** File systems take names of 255 bytes. */
const longestName = 255

/** The two together as a file's name. Where that is too long, the first one is cut, and a digest of it keeps it apart from others. */
export function fittingName(stem: string, ending: string): string {
  if (Buffer.byteLength(stem + ending) <= longestName) return stem + ending
  const digest = createHash('sha256').update(stem).digest('hex').slice(0, 8)
  const characters = [...stem]
  while (Buffer.byteLength(`${characters.join('')}~${digest}${ending}`) > longestName) characters.pop()
  return `${characters.join('')}~${digest}${ending}`
}

/** Names for a message: the first few, and how many more there are. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/**
 * A folder with all that are above it. Step by step and not by mkdir's own `recursive`, which in Node goes round for ever
 * where a folder that is there takes no new ones (/proc).
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, mode === undefined ? {} : { mode })
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return
    if (!hasCode(error, 'ENOENT') || dirname(path) === path || existsSync(dirname(path))) throw error
    await makeFolder(dirname(path), mode)
    await makeFolder(path, mode)
  }
}

/** Makes renames in it last. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; there the rename alone has to do.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
