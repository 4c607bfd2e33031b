import { z } from 'zod'
import { reasonOf } from '../../failure.js'
import { brokenLine, linesOf } from '../text.js'
import type { Row } from './columns.js'

const plain = z.union([z.string(), z.number(), z.boolean(), z.null()])
const record = z.record(z.string(), z.unknown())

/**
 * An array of records, or a record a line (JSON Lines). Fields of an object in a record (`box: { x1, y1, x2, y2 }`) count as the record's own;
 * fields that hold arrays or more are left alone.
 *
 * @returns undefined when the text is JSON of another kind
 * @throws Failure `list-broken` with file and line
 */
export function readJsonList(text: string, file: string): readonly Row[] | undefined {
  if (!file.toLowerCase().endsWith('.json'))
    return linesOf(text).map(({ line, text: one }) => rowOf(parsedFrom(one, file, line), file, line))
  if (!/^\s*\[\s*\{/.test(text)) return undefined
  const lines = elementLines(text)
  return z
    .array(z.unknown())
    .parse(parsedFrom(text, file, 1))
    .map((element, index) => rowOf(element, file, lines[index] ?? 1))
}

function parsedFrom(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw brokenLine(file, line, `no JSON: ${reasonOf(error)}`)
  }
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
