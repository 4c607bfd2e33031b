import type { Diagnostic, Label } from './diagnostic.js'
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
 * A diagnostic as people see it: message, the lines of text it is about with what to say under each, and a help line.
 * `textOf` gives a source's text; a place in a source it does not know is shown without its text.
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
  const bySource = new Map<string, Marked[]>()
  const primarySource = diagnostic.primary.span.source
  for (const [label, sign] of labels(diagnostic)) {
    const text = textOf(label.span.source)
    if (text === undefined) continue
    const marks = bySource.get(label.span.source) ?? []
    marks.push(mark(label, sign, text))
    bySource.set(label.span.source, marks)
  }
  const gutter = Math.max(...[...bySource.values()].flat().map((m) => String(m.line).length), 1)
  const bar = palette.quiet(`${' '.repeat(gutter + 1)}|`)
  const sources = [...bySource.keys()].sort((a, b) => Number(b === primarySource) - Number(a === primarySource))
  for (const source of sources) {
    const marks = bySource.get(source) ?? []
    const text = textOf(source) ?? ''
    const first = marks.find((m) => m.sign === '^') ?? marks[0]
    lines.push(
      `${palette.quiet(`${' '.repeat(gutter)}-->`)} ${safeLine(source)}:${first?.line}:${(first?.column ?? 0) + 1}`,
      bar,
    )
    lines.push(...excerpt(marks, text.split('\n'), gutter, bar, palette, paint), bar)
  }
  if (diagnostic.help !== undefined)
    lines.push(`${' '.repeat(gutter + 1)}${palette.quiet('=')} ${palette.strong('help')}: ${safeLine(diagnostic.help)}`)
  return `${lines.join('\n')}\n`
}

function labels(diagnostic: Diagnostic): [Label, '^' | '-'][] {
  return [[diagnostic.primary, '^'], ...diagnostic.secondary.map((label): [Label, '-'] => [label, '-'])]
}

/** Line and column, both from 0 and 1 as in editors: line from 1, column from 0. */
export function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - start }
}

function mark(label: Label, sign: '^' | '-', text: string): Marked {
  const { line, column } = position(text, label.span.start)
  const endOfLine = text.indexOf('\n', label.span.start)
  const end = Math.min(label.span.end, endOfLine === -1 ? text.length : endOfLine)
  return { line, column, width: Math.max(1, end - label.span.start), sign, text: safeLine(label.text) }
}

/** A line of a spec: a tab moves the signs below it as it moves the text. */
function shownLine(line: string): string {
  return line.replace(/\r$/, '').split('\t').map(safeLine).join('\t')
}

function excerpt(
  marks: readonly Marked[],
  text: readonly string[],
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
    lines.push(`${palette.quiet(`${String(line).padStart(gutter)} |`)} ${shownLine(text[line - 1] ?? '')}`)
    for (const m of marks.filter((candidate) => candidate.line === line)) {
      const under = (text[line - 1] ?? '').slice(0, m.column).replace(/[^\t]/g, ' ')
      const sign = m.sign === '^' ? paint('^'.repeat(m.width)) : palette.quiet('-'.repeat(m.width))
      lines.push(`${bar} ${under}${sign}${m.text === '' ? '' : ` ${m.sign === '^' ? paint(m.text) : m.text}`}`)
    }
  }
  return lines
}
