import { statementsWithin } from '../../grammar/children.js'
import { elementAt } from '../../grammar/present.js'
import type { Comment, SourceFile, Span } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { position } from '../diagnostics/render.js'
import { diagnose } from '../diagnostics/report.js'
import { nearest } from '../diagnostics/suggest.js'
import { type Code, table } from '../diagnostics/table.js'

/** Problems of such a comment, which cannot be allowed themselves. */
export const allowProblems: ReadonlySet<string> = new Set<Code>([
  'allow-without-reason',
  'unused-allow',
  'unknown-allow',
])

/** `// allow unused-binding: kept for the heatmap` */
const pattern = /^\/\/\s*allow\s+([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?::\s*(.*))?$/

interface Allow {
  readonly codes: readonly { readonly text: string; readonly start: number; readonly end: number }[]
  readonly reason: string
  /** The lines of whose warnings it speaks, from 1: those of the statement beside or below it. */
  readonly first: number
  readonly last: number
}

/**
 * Leaves out the warnings that a comment on their line, or above it, allows. `complete`: whether all warnings of the file are known, so that an
 * unused comment can be reported.
 */
export function withoutAllowed(found: readonly Diagnostic[], file: SourceFile, complete: boolean): Diagnostic[] {
  const allows = allowsOf(file)
  if (allows.length === 0) return [...found]
  const used = new Set<string>()
  const kept = found.filter((diagnostic) => {
    if (diagnostic.severity === 'error') return true
    const lines = linesOf(diagnostic, file)
    const allowing = allows.filter(
      ({ codes, first, last }) =>
        lines.some((line) => first <= line && line <= last) && codes.some(({ text }) => text === diagnostic.code),
    )
    for (const { first } of allowing) used.add(`${first} ${diagnostic.code}`)
    return allowing.length === 0
  })
  return [...kept, ...allows.flatMap((allow) => problemsOf(allow, file, complete ? used : undefined))]
}

/** Each place of the file that a diagnostic is about. */
function linesOf({ primary, secondary }: Diagnostic, { source, text }: SourceFile): number[] {
  const own = [primary, ...secondary].filter(({ span }) => span.source === source)
  return own.map(({ span }) => position(text, span.start).line)
}

function problemsOf({ codes, reason, first }: Allow, { source }: SourceFile, used?: ReadonlySet<string>): Diagnostic[] {
  return codes.flatMap(({ text, start, end }): Diagnostic[] => {
    const span = { source, start, end }
    const known = Object.entries(table).find(([code]) => code === text)?.[1]
    if (known?.severity !== 'warning') {
      const suggestion = known ? undefined : nearest(text, warningCodes)
      return [
        diagnose('unknown-allow', { name: text, known: warningCodes, suggestion, isError: known !== undefined }, span),
      ]
    }
    const idle = used && text !== 'unused-allow' && !used.has(`${first} ${text}`)
    if (idle && !codes.some((code) => code.text === 'unused-allow'))
      return [diagnose('unused-allow', { code: text }, span)]
    return reason === '' ? [diagnose('allow-without-reason', { code: text }, span)] : []
  })
}

const warningCodes = Object.entries(table).flatMap(([code, { severity }]) => (severity === 'warning' ? [code] : []))

function allowsOf(file: SourceFile): Allow[] {
  return file.comments.flatMap((comment) => {
    const [, codes, reason = ''] = pattern.exec(comment.text.trimEnd()) ?? []
    if (codes === undefined) return []
    const start = comment.span.start + comment.text.indexOf(codes, comment.text.indexOf('allow') + 'allow'.length)
    return [{ codes: wordsOf(codes, start), reason: reason.trim(), ...statementAt(lineOf(comment, file), file) }]
  })
}

function wordsOf(text: string, offset: number): Allow['codes'] {
  return [...text.matchAll(/[\w-]+/g)].map(({ 0: word, index }) => {
    const start = offset + index
    return { text: word, start, end: start + word.length }
  })
}

/** A comment after code refers to its own line; one on a line of its own, to the next line with code. */
function lineOf({ span }: Comment, { text }: SourceFile): number {
  const { line, column } = position(text, span.start)
  const lines = text.split('\n')
  if (
    elementAt(lines, line - 1)
      .slice(0, column)
      .trim() !== ''
  )
    return line
  const below = lines.slice(line).findIndex((one) => !/^\s*(?:\/\/.*)?$/.test(one))
  return below === -1 ? line : line + 1 + below
}

/** The lines of the shortest statement that the line is a part of. */
function statementAt(line: number, file: SourceFile): Pick<Allow, 'first' | 'last'> {
  const around = statementsOf(file)
    .map(({ start, end }) => ({ first: position(file.text, start).line, last: position(file.text, end).line }))
    .filter(({ first, last }) => first <= line && line <= last)
    .sort((a, b) => a.last - a.first - (b.last - b.first))
  return around[0] ?? { first: line, last: line }
}

function statementsOf({ imports, blocks, models }: SourceFile): Span[] {
  const calls = models.flatMap(({ items }) => items.filter((item) => item.kind === 'binding' || item.call))
  const lines = models.flatMap(({ inputs, losses, predictions, training }) => [
    ...inputs,
    ...losses,
    ...predictions,
    ...training,
  ])
  const bodies = [...blocks, ...models.flatMap(({ items }) => items.filter((item) => item.kind === 'branch'))]
  return [...imports, ...calls, ...lines, ...bodies.flatMap(({ statements }) => [...statementsWithin(statements)])].map(
    ({ span }) => span,
  )
}
