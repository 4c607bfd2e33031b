import { elementAt, present } from '../../grammar/present.js'
import type { Span } from '../../grammar/tree.js'
import type { Diagnostic, Label } from './diagnostic.js'
import { type Lines, linesOf } from './lines.js'
import { safeLine } from './safe_text.js'

/** Colours for a terminal; the plain ones leave the text as it is. */
export interface Palette {
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  readonly quiet: (text: string) => string
  readonly strong: (text: string) => string
}

const asItIs = (text: string) => text
export const plain: Palette = { error: asItIs, warning: asItIs, quiet: asItIs, strong: asItIs }

interface Marked {
  readonly line: number
  readonly column: number
  readonly width: number
  readonly sign: '^' | '-'
  readonly text: string
}

/**
 * Renders a diagnostic for people: message, source lines with labels, and a help line. `textOf` returns a source's text; a place in an unknown source
 * is shown without text.
 */
export function render(
  diagnostic: Diagnostic,
  textOf: (source: string) => string | undefined,
  palette = plain,
): string {
  const paint = diagnostic.severity === 'error' ? palette.error : palette.warning
  const lines = [
    `${paint(`${diagnostic.severity}[${diagnostic.code}]`)}${palette.strong(`: ${safeLine(diagnostic.message)}`)}`,
  ]
  const bySource = new Map<string, { readonly text: string; readonly marks: Marked[] }>()
  const primarySource = diagnostic.primary.span.source
  for (const [label, sign] of labels(diagnostic)) {
    const { source } = label.span
    const text = textOf(source)
    if (text === undefined) continue
    const marks: Marked[] = bySource.get(source)?.marks ?? []
    marks.push(mark(label, sign, text))
    bySource.set(source, { text, marks })
  }
  const gutter = Math.max(...[...bySource.values()].flatMap(({ marks }) => marks).map((m) => String(m.line).length), 1)
  const bar = palette.quiet(`${' '.repeat(gutter + 1)}|`)
  const excerpts = [...bySource].sort(([a], [b]) => Number(b === primarySource) - Number(a === primarySource))
  for (const [source, { text, marks }] of excerpts) {
    const first = marks.find((m) => m.sign === '^') ?? elementAt(marks, 0)
    lines.push(
      `${palette.quiet(`${' '.repeat(gutter)}-->`)} ${safeLine(source)}:${first.line}:${first.column + 1}`,
      bar,
    )
    lines.push(...excerpt(marks, linesOf(text), gutter, bar, palette, paint), bar)
  }
  if (diagnostic.help !== undefined)
    lines.push(`${' '.repeat(gutter + 1)}${palette.quiet('=')} ${palette.strong('help')}: ${safeLine(diagnostic.help)}`)
  return `${lines.join('\n')}\n`
}

function labels(diagnostic: Diagnostic): [Label, '^' | '-'][] {
  return [[diagnostic.primary, '^'], ...diagnostic.secondary.map((label): [Label, '-'] => [label, '-'])]
}

/** Line from 1 and column from 0, as in editors. */
export function position(text: string, offset: number): { line: number; column: number } {
  return linesOf(text).position(offset)
}

/** Returns where a span begins, in the text of its own source. */
export function positionOf(
  { source, start }: Span,
  texts: ReadonlyMap<string, string>,
): { line: number; column: number } {
  return position(present(texts.get(source), `the text of ${source}`), start)
}

function mark(label: Label, sign: '^' | '-', text: string): Marked {
  const { line, column } = position(text, label.span.start)
  const endOfLine = text.indexOf('\n', label.span.start)
  const end = Math.min(label.span.end, endOfLine === -1 ? text.length : endOfLine)
  return { line, column, width: Math.max(1, end - label.span.start), sign, text: safeLine(label.text) }
}

/** Longer lines are cut to the part around the underlines. */
const widestLine = 300

/** The part of a line that is shown: all of it, or the part centred on the first underline. */
function window(line: string, marks: readonly Marked[]): readonly [start: number, end: number] {
  if (line.length <= widestLine) return [0, line.length]
  const first = Math.min(...marks.map(({ column }) => column))
  const start = Math.max(0, Math.min(first - widestLine / 3, line.length - widestLine))
  return [start, start + widestLine]
}

/** A line of a spec: a tab moves the underlines below it as it moves the text. */
function shownLine(line: string): string {
  return line.split('\t').map(safeLine).join('\t')
}

function excerpt(
  marks: readonly Marked[],
  text: Lines,
  gutter: number,
  bar: string,
  palette: Palette,
  paint: (text: string) => string,
): string[] {
  const lines: string[] = []
  let previous = 0
  for (const line of [...new Set(marks.map((m) => m.line))].sort((a, b) => a - b)) {
    if (previous > 0 && line > previous + 1) lines.push(palette.quiet('...'))
    previous = line
    const here = marks.filter((candidate) => candidate.line === line)
    const [start, end] = window(text.line(line), here)
    const shown = text.line(line).slice(start, end)
    const [left, right] = [start > 0 ? '…' : '', end < text.line(line).length ? '…' : '']
    lines.push(`${palette.quiet(`${String(line).padStart(gutter)} |`)} ${left}${shownLine(shown)}${right}`)
    for (const m of here) {
      const under = `${left}${shown.slice(0, m.column - start)}`.replace(/[^\t]/g, ' ')
      const width = Math.max(1, Math.min(m.width, end - m.column))
      const sign = m.sign === '^' ? paint('^'.repeat(width)) : palette.quiet('-'.repeat(width))
      lines.push(`${bar} ${under}${sign}${m.text === '' ? '' : ` ${m.sign === '^' ? paint(m.text) : m.text}`}`)
    }
  }
  return lines
}
