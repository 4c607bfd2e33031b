import { readFile } from 'node:fs/promises'
import { elementAt } from '../../../grammar/present.js'
import { Failure } from '../../failure.js'
import { readCsv, readCsvRows, type Separator } from '../csv.js'
import { brokenLine, linesOf, readText } from '../text.js'
import { imageExtensions } from '../walk.js'
import { inferColumns } from './column_inference.js'
import { namesImages, type Row, rowWith } from './columns.js'
import type { ImagePaths } from './image_paths.js'

/** The rows of a file that lists images, or why it is not read as such a list. */
export type ListedRows =
  | {
      readonly rows: readonly Row[]
      /** Whether its columns are recognised by their names, not only by what they hold. */
      readonly named: boolean
    }
  | { readonly reason: string }

/** The number of leading characters from which the delimiter is inferred. */
const BEGINNING = 65536
const SAMPLE_ROWS = 200

const separators: readonly Separator[] = [',', ';', '\t']

/**
 * Reads a list as a table of text: delimited by commas, semicolons, tabs or blanks, with or without a header.
 *
 * @param labels the label inputs whose columns are read; these require a header
 * @throws Failure `csv-broken`, `list-broken` for a list with an error in it
 */
export async function readDelimitedList(
  file: string,
  paths: ImagePaths,
  labels: readonly string[],
): Promise<ListedRows> {
  // A table of other data may be malformed; a list in a wrong encoding is still recognised as a list.
  const beginning = (await readFile(file))
    .subarray(0, 2 * BEGINNING)
    .toString('latin1')
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .slice(0, BEGINNING)
  const [, header = ''] = /^(?:sep=[,;\t]\s*[\r\n])?\s*([^\r\n]*)/i.exec(beginning) ?? []
  const named = separators.find(
    (separator) => header.includes(separator) && namesColumns(header, separator, file, labels),
  )
  if (named !== undefined) return { rows: readCsv(await readText(file), file, { separator: named }), named: true }
  if (header.trim() === '') return { reason: 'it is empty' }
  if (labels.length > 0) return { reason: `its first line names no column for the image and ${labels.join(', ')}` }
  const text = await textOf(file)
  return typeof text === 'string' ? inferList(file, text, paths) : text
}

async function textOf(file: string): Promise<string | { readonly reason: string }> {
  try {
    return (await readText(file)).replace(/^\uFEFF/, '')
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { reason: [error.problem.message, error.problem.help].join('; ') }
  }
}

function namesColumns(header: string, separator: Separator, file: string, labels: readonly string[]): boolean {
  const isNamedRow = (row: Row) => namesImages(row, labels)
  try {
    return readCsv(`${header}\n${header}`, file, { separator }).some(isNamedRow)
  } catch (error) {
    // A column given twice, or an open quotation mark, is an error of what is clearly a list, and of nothing else.
    if (isNamedRow({ line: 1, values: new Map(header.split(separator).map((name) => [name, ''])) })) throw error
    return false
  }
}

function inferList(file: string, text: string, paths: ImagePaths): ListedRows {
  let reason: string | undefined
  for (const { rows } of tables(file, text)) {
    const [first] = rows
    if (!first || first.fields.length < 2) continue
    const found = inferColumns(
      rows.slice(0, SAMPLE_ROWS).map(({ fields }) => fields),
      paths,
    )
    if ('reason' in found) {
      reason ??= found.reason
      continue
    }
    const names = found.header ? first.fields.map((name) => name.trim()) : []
    const body = found.header ? rows.slice(1) : rows
    return {
      named: false,
      rows: body.map(({ line, fields }) => {
        if (fields.length !== first.fields.length)
          throw brokenLine(file, line, `${fields.length} columns where the first line has ${first.fields.length}`)
        const field = (column: number) => elementAt(fields, column)
        const row = { line, values: new Map(names.map((name, column) => [name, field(column)])) }
        return rowWith(row, {
          path: field(found.path),
          label: field(found.label),
          ...(found.split !== undefined && { split: field(found.split) }),
        })
      }),
    }
  }
  return { reason: reason ?? 'it has one column only, and a list needs a path and a class' }
}

interface TextRow {
  readonly line: number
  readonly fields: readonly string[]
}

/** The ways to divide a text into columns, the most likely first. */
function* tables(file: string, text: string): Generator<{ readonly rows: readonly TextRow[] }> {
  const split = separators.flatMap((separator) => {
    const rows = soundRows(text, file, separator)
    const width = rows?.[0]?.fields.length ?? 0
    return rows && width > 1 ? [{ rows, even: rows.every(({ fields }) => fields.length === width) }] : []
  })
  yield* split.filter(({ even }) => even)
  const lines = linesOf(text)
  const words = lines.map(({ line, text: one }) => ({ line, fields: one.split(/\s+/) }))
  const width = words[0]?.fields.length
  if (words.every(({ fields }) => fields.length === width)) yield { rows: words }
  for (const pattern of [pathFirst, pathLast]) {
    const rows = lines.flatMap(({ line, text: one }, index) => {
      const [, left, right] = pattern.exec(one) ?? (index === 0 ? (/^(\S+)\s+(\S+)$/.exec(one) ?? []) : [])
      return left === undefined || right === undefined ? [] : [{ line, fields: [left, right] }]
    })
    if (rows.length === lines.length) yield { rows }
  }
  yield* split.filter(({ even }) => !even)
}

const endings = [...imageExtensions].map((extension) => `\\${extension}`).join('|')
/** `my photos/1.jpg house sparrow` */
const pathFirst = new RegExp(`^(.+?(?:${endings}))\\s+(\\S.*)$`, 'i')
/** `sparrow my photos/1.jpg` */
const pathLast = new RegExp(`^(\\S+)\\s+(.+(?:${endings}))$`, 'i')

/** Returns undefined for a text that cannot be divided in this way. */
function soundRows(text: string, file: string, separator: Separator): readonly TextRow[] | undefined {
  try {
    return readCsvRows(text, file, separator)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
