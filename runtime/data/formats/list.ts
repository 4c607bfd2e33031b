import { basename, relative, sep } from 'node:path'
import type { SplitName } from '../dataset.js'
import type { GroundTruth } from '../ground_truth.js'
import type { WantedLabel } from '../label_inputs.js'
import { type Listed, type Listing, listed } from '../listing.js'
import { splitsOfNames } from '../split_names.js'
import { brokenLine } from '../text.js'
import { boxOf, columnOf, labelCells, splitOf } from './columns.js'
import type { ListFile } from './find_lists.js'

/**
 * Reads lists of images: each row has a path, a class, and optionally a split and a box. Paths are below the data set's folder.
 *
 * @param root the folder of the data set
 * @param labels the label inputs whose columns are read; the class alone without any
 * @throws Failure `list-broken` with file and line
 */
export function readLists(root: string, lists: readonly ListFile[], labels: readonly WantedLabel[] = []): Listing {
  const read = lists.map((list) => readList(list, labels))
  const notes = lists.flatMap(({ notes: own, paths }) => [...own, ...(paths.note === undefined ? [] : [paths.note])])
  const rows = read.flat()
  const folders = rows.every(({ split }) => split === undefined) ? splitsOfPaths(root, rows) : undefined
  if (folders) notes.push(`the splits are those of the folders ${listed([...folders.keys()])}`)
  const images = rows.map(
    ({ split, ...row }): Listed => ({
      ...row,
      split: split ?? folders?.get(folderOf(root, row.path, folders)) ?? 'train',
    }),
  )
  const ordered = lists.flatMap(({ classes }) => (classes ? [classes] : []))
  const trained = new Set(images.flatMap(({ className, split }) => (split === 'train' ? [className] : [])))
  return {
    readAs: `a list (${lists.map(({ file }) => basename(file)).join(', ')})`,
    ...(ordered.length === lists.length && {
      classes: [...new Set(ordered.flat().map((name) => name.trim()))].filter((name) => trained.has(name)),
    }),
    images,
    notes,
  }
}

/** An image whose list may not say which split it belongs to. */
type ListedRow = Omit<Listed, 'split'> & { readonly split: SplitName | undefined }

/** Folders of splits that all images lie in, if there are at least two of them. */
function splitsOfPaths(root: string, rows: readonly ListedRow[]): ReadonlyMap<string, SplitName> | undefined {
  const all = rows.map(({ path }) => relative(root, path).split(sep).slice(0, -1))
  const depth = Math.min(...all.map(({ length }) => length))
  for (let level = 0; level < depth; level++) {
    const names = [...new Set(all.map((folders) => folders[level] ?? ''))]
    if (names.length < 2) continue
    const splits = splitsOfNames(names)
    return splits.size === names.length && new Set(splits.values()).size > 1 ? splits : undefined
  }
  return undefined
}

function folderOf(root: string, path: string, folders: ReadonlyMap<string, SplitName>): string {
  return (
    relative(root, path)
      .split(sep)
      .find((part) => folders.has(part)) ?? ''
  )
}

function readList({ file, rows, paths, split: own }: ListFile, labels: readonly WantedLabel[]): ListedRow[] {
  const classLabel = labels.find(({ kind }) => kind === 'Class')
  // One unit for the whole file: a box of fractions never has a side over 1, a file of boxes in pixels always has some.
  const inPixels = rows.some((row) => Object.values(boxOf(row, file) ?? {}).some((side) => side > 1))
  return rows.map((row): ListedRow => {
    const origin = { file, line: row.line }
    const name = columnOf(row, 'path')?.trim()
    if (!name) throw brokenLine(file, row.line, 'no path')
    const cells = labels.length > 0 ? row.values : undefined
    // Without a Class input, all images are of one nameless class.
    const className = cells
      ? classLabel && labelCells(row.values, classLabel.name).get('')?.trim()
      : columnOf(row, 'label')?.trim()
    // A missing column is reported with those of the other label inputs.
    if (!className && (!cells || className === '')) throw brokenLine(file, row.line, 'no class')
    if (className !== undefined && hasControl(className))
      throw brokenLine(
        file,
        row.line,
        `a class named ${JSON.stringify(className)}`,
        'name it in one line of plain text',
      )
    const box = boxOf(row, file)
    const truth: GroundTruth | undefined = box && { unit: inPixels ? 'pixels' : 'fractions', box }
    const path = paths.resolve(name, origin)
    return {
      path,
      className: className ?? '',
      ...(cells && { cells }),
      split: own ?? splitOf(row, file),
      ...(truth && { truth }),
      origin,
    }
  })
}

function hasControl(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\u007f')
}
