import { Failure } from '../failure.js'

/**
 * Reads comma-separated text (RFC 4180: quoted fields, doubled quotes, line breaks within quotes; a byte order mark is dropped;
 * empty lines are skipped). The first row names the columns.
 *
 * @param path what to name in a message
 * @returns a record a row, and the line each began on
 * @throws Failure `csv-broken` with the line: an open quote, text after a closing quote, a row too short or too long, a column named twice
 */
export function readCsv(text: string, path: string): readonly { line: number; values: ReadonlyMap<string, string> }[] {
  const broken = (line: number, reason: string) =>
    new Failure({
      code: 'csv-broken',
      message: `${path}, line ${line}: ${reason}`,
      help: 'put a field that contains a comma, a quotation mark or a line break in quotation marks: "Minivan, red"',
      path,
    })

  const [header, ...rows] = splitRows(text.replace(/^\uFEFF/, ''), broken)
  if (!header) return []
  const names = header.fields.map((name) => name.trim())
  const seen = new Set<string>()
  const twice = names.find((name) => seen.has(name) || !seen.add(name))
  if (twice !== undefined) throw broken(header.line, `the column ${JSON.stringify(twice)} is there twice`)
  return rows.map(({ line, fields }) => {
    if (fields.length !== names.length) {
      throw broken(line, `${fields.length} fields where the first line has ${names.length}`)
    }
    return { line, values: new Map(names.map((name, i) => [name, fields[i] as string])) }
  })
}

type Broken = (line: number, reason: string) => Failure

function splitRows(text: string, broken: Broken): { line: number; fields: string[] }[] {
  const rows: { line: number; fields: string[] }[] = []
  // A field, quoted or plain, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y
  let line = 1
  let fields: string[] = []
  let begun = 1
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text)
    if (!match) throw broken(line, 'a quotation mark is open, or something follows a closed one')
    const [whole, quoted, plain = '', end] = match
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0
    if (end === ',') continue
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begun, fields })
    fields = []
    begun = line
  }
  return rows
}
