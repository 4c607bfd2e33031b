import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Failure, reasonOf } from '../failure.js'

/** Extensions taken for pictures; what is in the file decides when it is decoded. */
const pictureExtensions = new Set(['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.avif', '.tif', '.tiff', '.gif'])

/** Whether a file's name says that it is a picture. */
export function isPictureName(name: string): boolean {
  return pictureExtensions.has(extname(name).toLowerCase())
}

/** What a folder holds, hidden entries left out, each list in code-point order, links followed. */
export interface Entries {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** By code point, on every machine alike, which neither `localeCompare` nor the default (UTF-16 units) order is. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** @throws Failure `data-unreadable` */
export async function entriesOf(folder: string): Promise<Entries> {
  try {
    const folders: string[] = []
    const files: string[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      // A link that leads nowhere is as good as not there.
      const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry
      if (target?.isDirectory()) folders.push(entry.name)
      else if (target?.isFile()) files.push(entry.name)
    }
    return { folders: folders.sort(byCodePoint), files: files.sort(byCodePoint) }
  } catch (error) {
    throw new Failure(
      {
        code: 'data-unreadable',
        message: `cannot read the folder ${folder}: ${reasonOf(error)}`,
        help: 'check the path and your right to read it',
        path: folder,
      },
      { cause: error },
    )
  }
}

/** The pictures of a folder and of the folders below it. */
export interface Found {
  /** Paths below the folder walked, in order. */
  readonly pictures: string[]
  /** How many files were no pictures, by extension. */
  readonly others: Map<string, number>
}

/** Walks a folder. A folder met twice on one way down (a link to its own parent) is not entered again. */
export async function findPictures(folder: string): Promise<Found> {
  const found: Found = { pictures: [], others: new Map() }
  const descend = async (below: string, above: readonly string[]): Promise<void> => {
    const here = join(folder, below)
    const real = await realpath(here)
    if (above.includes(real)) return
    const { files, folders } = await entriesOf(here)
    for (const file of files) {
      if (isPictureName(file)) found.pictures.push(join(below, file))
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
