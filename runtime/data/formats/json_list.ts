import * as z from 'zod'
import { reasonOf } from '../../failure.js'
import { brokenLine, linesOf, readText } from '../text.js'
import { isImageName } from '../walk.js'
import { type CocoList, isCoco, readCoco } from './coco.js'
import { columnOf, namesImages, type Row } from './columns.js'

const plain = z.union([z.string(), z.number(), z.boolean(), z.null()])
const record = z.record(z.string(), z.unknown())

/**
 * Reads a file of JSON: an array of records, a record a line (JSON Lines), an object of paths and classes, or COCO's format. Fields of an object in a
 * record (`box: { x1, y1, x2, y2 }`) count as the record's own; fields with arrays or nested objects are ignored.
 *
 * @throws Failure `list-broken` with file and line
 */
export async function readJsonFile(
  file: string,
  labels: readonly string[],
): Promise<
  | {
      readonly rows: readonly Row[]
      readonly named: boolean
      readonly classes?: readonly string[]
      readonly notes?: readonly string[]
    }
  | { readonly reason: string }
> {
  const text = (await readText(file)).replace(/^\uFEFF/, '')
  const rows = readRows(text, file)
  if ('reason' in rows || 'classes' in rows) return rows
  const [first] = rows
  if (!first) return { reason: 'it has no records' }
  const has = { path: columnOf(first, 'path') !== undefined }
  if (namesImages(first, labels)) return { rows, named: true }
  const missing = labels.length > 0 ? `any of ${labels.join(', ')}` : 'the class, such as label'
  return { reason: `its records have no field for ${has.path ? missing : 'the image, such as path'}` }
}

function readRows(
  text: string,
  file: string,
): readonly Row[] | (CocoList & { readonly named: true }) | { readonly reason: string } {
  if (!file.toLowerCase().endsWith('.json'))
    return linesOf(text).map(({ line, text: one }) => rowOf(parsedFrom(one, file, line), file, line))
  if (/^\s*\[\s*\{/.test(text)) {
    const lines = elementLines(text)
    return z
      .array(z.unknown())
      .parse(parsedFrom(text, file, 1))
      .map((element, index) => rowOf(element, file, lines[index] ?? 1))
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    return { reason: `it is no JSON: ${reasonOf(error)}` }
  }
  if (isCoco(content)) return { ...readCoco(content, text, file), named: true }
  const labels = z.record(z.string(), plain).safeParse(content)
  if (labels.success && Object.keys(labels.data).every(isImageName))
    return Object.entries(labels.data).map(([path, label]) => ({
      line: lineOf(text, path),
      values: new Map([
        ['path', path],
        ['label', String(label ?? '')],
      ]),
    }))
  return { reason: 'it is no array of records, and not in the format of COCO' }
}

/** The line of a key of an object. */
function lineOf(text: string, key: string): number {
  const at = text.indexOf(`${JSON.stringify(key)}`)
  return at < 0 ? 1 : text.slice(0, at).split('\n').length
}

function parsedFrom(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw brokenLine(file, line, `no JSON: ${reasonOf(error)}`)
  }
}

/** Returns the fields of one record. Boxes as arrays are ignored, since their order differs between tools. @throws Failure `list-broken` */
export function rowOfRecord(text: string, file: string): Row {
  const parsed = record.safeParse(parsedFrom(text, file, 1))
  const fields = Object.entries(parsed.success ? parsed.data : {}).filter(([, value]) => !Array.isArray(value))
  return rowOf(Object.fromEntries(fields), file, 1)
}

function rowOf(element: unknown, file: string, line: number): Row {
  const parsed = record.safeParse(element)
  if (!parsed.success) throw brokenLine(file, line, 'no record with fields', 'write { "path": ..., "label": ... }')
  const values = new Map<string, string>()
  const add = (fields: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(fields)) {
      const simple = plain.safeParse(value)
      if (simple.success) values.set(name, simple.data === null ? '' : String(simple.data))
      else {
        if (/^(box|bbox)$/i.test(name) && Array.isArray(value))
          throw brokenLine(
            file,
            line,
            `${name} is an array, whose order is ambiguous`,
            'name the sides: { "x1": ..., "y1": ..., "x2": ..., "y2": ... }',
          )
        const inner = record.safeParse(value)
        if (inner.success && /^(box|bbox)$/i.test(name)) add(inner.data)
      }
    }
  }
  add(parsed.data)
  return { line, values }
}

/** On which line each element of an array begins. */
function elementLines(text: string): number[] {
  const lines: number[] = []
  let depth = 0
  let line = 1
  let waiting = false
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\n|[[\]{}]|[^\s"[\]{},:]+|,/g)) {
    if (token === '\n') {
      line++
      continue
    }
    if (waiting && token !== ']' && token !== ',') {
      lines.push(line)
      waiting = false
    }
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth === 1 && (token === ',' || (token === '[' && lines.length === 0))) waiting = true
  }
  return lines
}
