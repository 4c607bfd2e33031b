import { existsSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { Failure } from '../failure.js'
import type { FilePart } from '../images/image_file.js'
import type { SplitName } from './dataset.js'
import type { GroundTruth } from './ground_truth.js'
import { brokenLine } from './text.js'

/** A line of a user's file. */
export interface Origin {
  readonly file: string
  readonly line: number
}

/** An image in the listing of a data set. */
export interface Listed {
  /** The path of the image, root included. */
  readonly path: string
  /** The byte range of the image within an archive. */
  readonly part?: FilePart
  readonly className: string
  /** The cells of its row by column, if columns of several label inputs are read. */
  readonly cells?: ReadonlyMap<string, string>
  readonly split: SplitName
  readonly truth?: GroundTruth
  /** The line that lists it; absent if folders do. */
  readonly origin?: Origin
}

/** The contents of a data set, the same for every format. */
export interface Listing {
  /** How it was read: "CUB-200-2011". */
  readonly readAs: string
  /** In the data set's order, if it has one. */
  readonly classes?: readonly string[]
  readonly images: readonly Listed[]
  readonly notes: readonly string[]
}

/** A file or a folder that a line names, below the data set's root. @throws Failure `list-broken` when it lies outside */
export function pathBelow(root: string, name: string, { file, line }: Origin): string {
  const path = isAbsolute(name) ? name : join(root, name)
  const way = relative(resolve(root), resolve(path))
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) || name.includes('\0'))
    throw brokenLine(file, line, `${JSON.stringify(name)} is outside of ${root}`, 'give paths below the data folder')
  return path
}

/**
 * Checks that each image is listed once, and exists.
 *
 * @throws Failure `data-duplicate` or `data-missing`, with the file and line of the first
 */
export function checkListed(images: readonly Listed[]): void {
  const seen = new Map<string, Listed>()
  const missing: Listed[] = []
  for (const image of images) {
    const before = seen.get(image.path)
    if (before)
      throw new Failure({
        code: 'data-duplicate',
        message: `${placeOf(image)}: ${image.path} is listed already${before.origin ? ` (${placeOf(before)})` : ''}`,
        help: 'keep one of the two',
        path: image.path,
      })
    seen.set(image.path, image)
    // Files found in folders exist.
    if (image.origin && !existsSync(image.path)) missing.push(image)
  }
  const [first] = missing
  if (first)
    throw new Failure({
      code: 'data-missing',
      message: `${placeOf(first)}: there is no file ${first.path}${missing.length > 1 ? ` (nor ${missing.length - 1} others)` : ''}`,
      help: 'correct the path or remove the line; paths are relative to the data folder',
      path: first.path,
    })
}

/** `labels.csv, line 7` */
export function placeOf({ origin, path }: Listed): string {
  return origin ? `${origin.file}, line ${origin.line}` : path
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** `"a", "b" and 3 more` */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name))
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ')
}
