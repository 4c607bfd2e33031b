import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { Failure } from '../../failure.js'
import { boxesFile } from '../boxes.js'
import { readCsv } from '../csv.js'
import type { SplitName } from '../dataset.js'
import { type Listed, type Listing, listed, type Origin, pathBelow } from '../listing.js'
import { brokenLine, readText } from '../text.js'
import type { Truth } from '../truth.js'
import { boxOf, columnOf, type Row, splitOf } from './columns.js'
import { readJsonList } from './json_list.js'

const extensions = new Set(['.csv', '.json', '.jsonl', '.ndjson'])
/** A file of one of these names holds one split. */
const splitNamed = /^(train|val|valid|validation|test)$/i

/** A list's rows, and in which file they stand. */
export interface ListFile {
  readonly file: string
  readonly rows: readonly Row[]
}

/**
 * The lists that lie directly in a folder: CSV with columns for a path and a class, or JSON records with such fields. Either one of any name,
 * or one a split (`train.csv`, `val.csv`, `test.csv`).
 *
 * @throws Failure `data-ambiguous` when several could be meant; `list-broken`, `csv-broken`
 */
export async function findLists(root: string): Promise<readonly ListFile[]> {
  const names = (await readdir(root).catch(() => [])).filter(
    (name) => extensions.has(extname(name).toLowerCase()) && name !== boxesFile && !name.startsWith('.'),
  )
  const lists: ListFile[] = []
  for (const name of names.sort()) {
    const rows = await rowsOf(join(root, name))
    if (rows && isList(rows)) lists.push({ file: join(root, name), rows })
  }
  const named = lists.filter(({ file }) => splitNamed.test(stem(file)))
  const chosen = named.length > 0 ? named : lists
  if (named.length === 0 && lists.length > 1)
    throw new Failure({
      code: 'data-ambiguous',
      message: `${root} has ${lists.length} lists of images: ${listed(lists.map(({ file }) => basename(file)))}`,
      help: `name the one that is meant: --data ${join(root, 'LIST.csv')}`,
      path: root,
    })
  return chosen
}

/** One list given by its path. @throws Failure `list-broken` when it is none */
export async function openList(file: string): Promise<ListFile> {
  const rows = await rowsOf(file)
  if (rows && isList(rows)) return { file, rows }
  throw brokenLine(
    file,
    1,
    'this is no list of images',
    'a list is CSV with the columns path and label, or JSON records with such fields (docs/data.md)',
  )
}

async function rowsOf(file: string): Promise<readonly Row[] | undefined> {
  const extension = extname(file).toLowerCase()
  if (extension === '.csv') {
    // A table of something else need not even be sound; a list in a wrong encoding is still seen to be one.
    const bare = (await readFile(file)).toString('latin1').replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    const header = bare
      .slice(0, 65536)
      .replaceAll('\0', '')
      .replace(/[\r\n].*/s, '')
    return isList(readCsv(`${header}\n${header}`, file)) ? readCsv(await readText(file), file) : undefined
  }
  return extensions.has(extension) ? readJsonList(await readText(file), file) : undefined
}

function isList(rows: readonly Row[]): boolean {
  const [first] = rows
  return first !== undefined && columnOf(first, 'path') !== undefined && columnOf(first, 'label') !== undefined
}

/**
 * Lists of images: a path, a class, perhaps a split and a box a row. Paths are below the list's folder, or the `images` in it.
 *
 * @throws Failure `list-broken` with file and line
 */
export function readLists(lists: readonly ListFile[]): Listing {
  const images = lists.flatMap((list) => readList(list))
  return {
    readAs: `a list (${lists.map(({ file }) => basename(file)).join(', ')})`,
    images,
    notes: [],
  }
}

function readList({ file, rows }: ListFile): Listed[] {
  const root = dirname(file)
  const own = splitOfName(file)
  // One unit for the whole file: a box of fractions never has a side over 1, a file of boxes in pixels always has some.
  const inPixels = rows.some((row) => Object.values(boxOf(row, file) ?? {}).some((side) => side > 1))
  return rows.map((row): Listed => {
    const origin = { file, line: row.line }
    const name = columnOf(row, 'path')?.trim()
    if (!name) throw brokenLine(file, row.line, 'no path')
    const className = columnOf(row, 'label')?.trim()
    if (!className) throw brokenLine(file, row.line, 'no class')
    if (hasControl(className))
      throw brokenLine(
        file,
        row.line,
        `a class named ${JSON.stringify(className)}`,
        'name it in one line of plain text',
      )
    const box = boxOf(row, file)
    const truth: Truth | undefined = box && { unit: inPixels ? 'pixels' : 'fractions', box }
    const path = firstThere(
      [root, join(root, 'images'), ...(own === undefined ? [] : [join(root, stem(file))])],
      name,
      origin,
    )
    return { path, className, split: own ?? splitOf(row, file) ?? 'train', ...(truth && { truth }), origin }
  })
}

/** Below the first of the folders where there is such a file, or else below the first. */
function firstThere(folders: readonly [string, ...string[]], name: string, origin: Origin): string {
  const usual = pathBelow(folders[0], name, origin)
  if (existsSync(usual)) return usual
  const others = folders.slice(1).map((folder) => pathBelow(folder, name, origin))
  return others.find((path) => existsSync(path)) ?? usual
}

function hasControl(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\u007f')
}

function stem(file: string): string {
  return basename(file, extname(file))
}

function splitOfName(file: string): SplitName | undefined {
  const [, name] = splitNamed.exec(stem(file)) ?? []
  if (name === undefined) return undefined
  return name.toLowerCase().startsWith('val') ? 'val' : name.toLowerCase() === 'test' ? 'test' : 'train'
}
