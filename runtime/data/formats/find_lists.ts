import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join, relative } from 'node:path'
import { Failure } from '../../failure.js'
import { boxesFile } from '../boxes.js'
import type { SplitName } from '../dataset.js'
import { listed } from '../listing.js'
import { isGeneralName, splitOfName, splitsOfNames } from '../split_names.js'
import { brokenLine } from '../text.js'
import { byCodePoint, holdsImages } from '../walk.js'
import type { Row } from './columns.js'
import { readDelimitedList } from './delimited_list.js'
import { ImagePaths } from './image_paths.js'
import { readJsonFile } from './json_list.js'

const tables: ReadonlySet<string> = new Set(['.csv', '.tsv', '.txt'])
const records: ReadonlySet<string> = new Set(['.json', '.jsonl', '.ndjson'])
/** Spreadsheet formats, which are reported but not read. */
const foreign: ReadonlySet<string> = new Set(['.xlsx', '.xls', '.ods', '.numbers', '.parquet', '.feather', '.xml'])

/** With more files of one kind in a folder, each belongs to an image. */
const MOST_FILES = 20

/** A list of images that was read. */
export interface ListFile {
  readonly file: string
  readonly rows: readonly Row[]
  readonly paths: ImagePaths
  /** Whether its format or column names identify it as a list, rather than its contents only. */
  readonly named: boolean
  /** The split of all its images, if the name of the file or its folder denotes one. */
  readonly split?: SplitName
  /** In the list's own order, if it has one. */
  readonly classes?: readonly string[]
  readonly notes: readonly string[]
}

export interface FoundLists {
  readonly lists: readonly ListFile[]
  /** Why other files are not read. */
  readonly notes: readonly string[]
}

/**
 * Finds the lists in a folder, and in folders of splits and annotations in it: one of any name, or one a split (`train.csv`, `val.csv`, `test.csv`).
 *
 * @param labels the label inputs whose columns are read; the class alone without any
 * @throws Failure `data-ambiguous` when several could be meant; `list-broken`, `csv-broken`
 */
export async function findLists(root: string, labels: readonly string[]): Promise<FoundLists> {
  const found: ListFile[] = []
  const notes: string[] = []
  for (const folder of await foldersOfLists(root))
    for (const file of await filesOf(folder, notes)) {
      const list = await readListFile(file, root, labels)
      if (!('reason' in list)) found.push(list)
      else if (saysList(file)) notes.push(`${relative(root, file)} was not read: ${list.reason}`)
    }
  // A table that only looks like a list is ignored if a file is named as one.
  const named = found.some((list) => list.named) ? found.filter((list) => list.named) : found
  const stems = splitsOfNames(named.map(({ file }) => stem(file)))
  const lists = named.map((list): ListFile => {
    const split = stems.get(stem(list.file)) ?? splitOfFolder(root, list.file)
    return { ...list, ...(split && { split }) }
  })
  const ofSplits = lists.filter(({ split }) => split !== undefined)
  const chosen = ofSplits.length > 0 ? ofSplits : lists
  const double = chosen.find((list) => chosen.some((other) => other !== list && other.split === list.split))
  if (double) {
    const names = chosen.filter(({ split }) => split === double.split).map(({ file }) => relative(root, file))
    throw new Failure({
      code: 'data-ambiguous',
      message: `${root} has ${names.length} lists of ${double.split === undefined ? '' : `${double.split} `}images: ${listed(names)}`,
      help: `name the one that is meant: --data ${join(root, 'LIST.csv')}`,
      path: root,
    })
  }
  for (const list of found)
    if (!chosen.some(({ file }) => file === list.file))
      notes.push(
        `${relative(root, list.file)} was not read: ${listed(chosen.map(({ file }) => relative(root, file)))} is`,
      )
  return { lists: chosen, notes }
}

/**
 * Reads one list given by its path. @throws Failure `list-broken` when it is none
 *
 * @returns the list and the folder of its data set: the list's own, or the one above a folder of annotations without images
 */
export async function openList(
  file: string,
  labels: readonly string[],
): Promise<{ readonly root: string; readonly list: ListFile }> {
  const own = dirname(file)
  const root = isGeneralName(basename(own)) && !(await holdsImages(own)) ? dirname(own) : own
  const list = await readListFile(file, root, labels)
  if ('reason' in list)
    throw brokenLine(
      file,
      1,
      `this is no list of images: ${list.reason}`,
      'a list is CSV with the columns path and label, or JSON records with such fields (docs/data.md)',
    )
  const split = splitOfName(stem(file))
  return { root, list: { ...list, ...(split && { split }) } }
}

async function readListFile(
  file: string,
  root: string,
  labels: readonly string[],
): Promise<ListFile | { readonly reason: string }> {
  const extension = extname(file).toLowerCase()
  const paths = new ImagePaths(root, file)
  if (foreign.has(extension)) return { reason: `lists are CSV or JSON: save it as CSV` }
  if (!tables.has(extension) && !records.has(extension))
    return { reason: `${extension || 'a file without extension'} is no format of lists` }
  const read = tables.has(extension) ? await readDelimitedList(file, paths, labels) : await readJsonFile(file, labels)
  if ('reason' in read) return read
  if (read.rows.length === 0) return { reason: 'it has no rows' }
  return { notes: [], ...read, file, paths }
}

async function foldersOfLists(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const names = entries.flatMap((entry) => (entry.isDirectory() && !entry.name.startsWith('.') ? [entry.name] : []))
  const splits = splitsOfNames(names)
  return [
    root,
    ...names
      .filter((name) => splits.has(name) || isGeneralName(name))
      .sort(byCodePoint)
      .map((name) => join(root, name)),
  ]
}

async function filesOf(folder: string, notes: string[]): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => !name.startsWith('.') && name !== boxesFile)
    .sort(byCodePoint)
  const files: string[] = []
  for (const extension of [...tables, ...records, ...foreign]) {
    const ofKind = names.filter((name) => extname(name).toLowerCase() === extension)
    if (ofKind.length <= MOST_FILES) files.push(...ofKind.map((name) => join(folder, name)))
    else
      notes.push(
        `${basename(folder)}: ${ofKind.length} files ${extension} were not read, as they are too many for lists`,
      )
  }
  return files.sort(byCodePoint)
}

function splitOfFolder(root: string, file: string): SplitName | undefined {
  return dirname(file) === root ? undefined : splitOfName(basename(dirname(file)))
}

/** Whether a file that is no list might be taken for one. Notes and settings are not. */
function saysList(file: string): boolean {
  const extension = extname(file).toLowerCase()
  if (['.csv', '.tsv', '.jsonl', '.ndjson'].includes(extension)) return true
  return isGeneralName(stem(file)) || splitOfName(stem(file)) !== undefined
}

function stem(file: string): string {
  return basename(file, extname(file))
}
