import { elementAt } from '../../grammar/present.js'
import { Failure } from '../failure.js'

export type Separator = ',' | ';' | '\t'

export interface CsvOptions {
  /** A comma by default. */
  readonly separator?: Separator
  /** The column names, if the first row is not a header. */
  readonly names?: readonly string[]
}

export interface CsvRow {
  /** The line on which the row begins. */
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Reads comma-separated text (RFC 4180: quoted fields, doubled quotes, line breaks within quotes; a byte order mark is dropped;
 * empty lines are skipped). The first row names the columns, unless their names are given.
 *
 * @param path the path in error messages
 * @returns one record per row, with its line
 * @throws Failure `csv-broken` with the line: an unclosed quote, text after a closing quote, a row too short or too long, a column named twice
 */
export function readCsv(
  text: string,
  path: string,
  { separator = ',', names: given }: CsvOptions = {},
): readonly { line: number; values: ReadonlyMap<string, string> }[] {
  const rows = readCsvRows(text, path, separator)
  const [header] = rows
  if (!header) return []
  const names = given ?? header.fields.map((name) => name.trim())
  const seen = new Set<string>()
  const twice = names.find((name) => seen.has(name) || !seen.add(name))
  if (twice !== undefined) throw brokenCsv(path, header.line, `the column ${JSON.stringify(twice)} is there twice`)
  return rows.slice(given ? 0 : 1).map(({ line, fields }) => {
    if (fields.length !== names.length) {
      throw brokenCsv(path, line, `${fields.length} fields where the first line has ${names.length}`)
    }
    return { line, values: new Map(names.map((name, i) => [name, elementAt(fields, i)])) }
  })
}

function brokenCsv(path: string, line: number, reason: string): Failure {
  return new Failure({
    code: 'csv-broken',
    message: `${path}, line ${line}: ${reason}`,
    help: 'put a field that contains a comma, a quotation mark or a line break in quotation marks: "Minivan, red"',
    path,
  })
}

/** Splits a text into rows of fields, whatever their number. Excel's line `sep=;` is skipped. @throws Failure `csv-broken` */
export function readCsvRows(given: string, path: string, separator: Separator): CsvRow[] {
  const text = given.replace(/^\uFEFF/, '')
  const rows: CsvRow[] = []
  // A field, quoted or not, and its terminator.
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r\\n|\\n|\\r|$)`, 'y')
  let line = 1
  const directive = /^sep=[,;\t](?:\r\n|\n|\r)/i.exec(text)
  if (directive) {
    field.lastIndex = directive[0].length
    line++
  }
  let fields: string[] = []
  let begun = line
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text)
    if (!match) throw brokenCsv(path, line, 'a quotation mark is open, or something follows a closed one')
    const [whole, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0
    if (end === separator) continue
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begun, fields })
    fields = []
    begun = line
  }
  return rows
}
