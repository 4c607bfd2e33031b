import { isUtf8 } from 'node:buffer'
import { statSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Failure, reasonOf } from '../failure.js'

/** Extensions of image files; the actual format is detected from the contents when the file is decoded. */
export const imageExtensions: ReadonlySet<string> = new Set([
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.avif', '.tif', '.tiff', '.gif'],
  ...['.heic', '.heif', '.hif', '.bmp', '.dib'],
])

/** Whether a file's name says that it is an image. */
export function isImageName(name: string): boolean {
  return imageExtensions.has(extname(name).toLowerCase())
}

/** Folders that operating systems and storage devices add. */
const systemFolders = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', 'lost+found'])

/** The entries of a folder without hidden ones, in code-point order; links are followed. */
export interface Entries {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** By code point, on every machine alike, which neither `localeCompare` nor the default (UTF-16 units) order is. */
export function byCodePoint(a: string, b: string): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    // Surrogates encode code points above all others, although their own code units are lower.
    const pairs = Number(isHalf(left)) - Number(isHalf(right))
    return pairs === 0 ? left - right : pairs
  }
  return a.length - b.length
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** Node shows bytes that are no UTF-8 as U+FFFD, and then finds no file of that name. @throws Failure `data-unreadable` for such names */
async function checkEncoding(folder: string): Promise<void> {
  for (const name of await readdir(folder, { encoding: 'buffer' }))
    if (!isUtf8(name))
      throw new Failure({
        code: 'data-unreadable',
        message: `${join(folder, name.toString())} has a name that is not UTF-8 (bytes ${name.toString('hex')})`,
        help: 'rename it, for example with convmv -t utf8',
        path: folder,
      })
}

/** @throws Failure `data-unreadable` */
export async function entriesOf(folder: string): Promise<Entries> {
  try {
    const folders: string[] = []
    const files: string[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || systemFolders.has(entry.name)) continue
      if (entry.name.includes('\ufffd')) await checkEncoding(folder)
      // A link that leads nowhere is as good as not there. Not awaited one by one: a data set may be a hundred thousand links.
      const target = entry.isSymbolicLink() ? statSync(join(folder, entry.name), { throwIfNoEntry: false }) : entry
      if (target?.isDirectory()) folders.push(entry.name)
      else if (target?.isFile()) files.push(entry.name)
    }
    return { folders: folders.sort(byCodePoint), files: files.sort(byCodePoint) }
  } catch (error) {
    throw unreadableFolder(folder, error)
  }
}

function unreadableFolder(folder: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(
    {
      code: 'data-unreadable',
      message: `cannot read the folder ${folder}: ${reasonOf(error)}`,
      help: 'check the path and your right to read it',
      path: folder,
    },
    { cause: error },
  )
}

/** Whether a folder or one below it holds an image. Returns at the first one. @throws Failure `data-unreadable` */
export async function holdsImages(folder: string, above: readonly string[] = []): Promise<boolean> {
  const real = await realpath(folder).catch((error: unknown) => {
    throw unreadableFolder(folder, error)
  })
  if (above.includes(real)) return false
  const { files, folders } = await entriesOf(folder)
  if (files.some(isImageName)) return true
  for (const name of folders) if (await holdsImages(join(folder, name), [...above, real])) return true
  return false
}

/** The images of a folder and of the folders below it. */
export interface Found {
  /** Paths below the folder walked, in order. */
  readonly images: string[]
  /** How many files were no images, by extension. */
  readonly others: Map<string, number>
}

/** Walks a folder. A folder met twice on one way down (a link to its own parent) is not entered again. */
export async function findImages(folder: string): Promise<Found> {
  const found: Found = { images: [], others: new Map() }
  const descend = async (below: string, above: readonly string[]): Promise<void> => {
    const here = join(folder, below)
    const real = await realpath(here).catch((error: unknown) => {
      throw unreadableFolder(here, error)
    })
    if (above.includes(real)) return
    const { files, folders } = await entriesOf(here)
    for (const file of files) {
      if (isImageName(file)) found.images.push(join(below, file))
      else {
        const extension = extname(file).toLowerCase()
        found.others.set(extension, (found.others.get(extension) ?? 0) + 1)
      }
    }
    for (const name of folders) await descend(join(below, name), [...above, real])
  }
  await descend('', [])
  return found
}
