import { BodyLayout } from './format/body.js'
import type { Line } from './format/line.js'
import { piecesOf, stumbles } from './format/pieces.js'
import { type Entry, structureOf } from './format/structure.js'
import { parse, type SyntaxProblem, stackExhausted } from './parse.js'
import { withinStack } from './stack.js'

export interface Formatted {
  readonly text: string
  /** Problems that the parser found. Statements with a mistake are left unchanged, and so is the whole text if its statements cannot be separated. */
  readonly problems: readonly SyntaxProblem[]
  /** False if formatting would change the meaning of a text without errors, which is a bug in the formatter: `text` is then unchanged. */
  readonly kept: boolean
}

/**
 * The one formatting of a text. Line ends within a statement stay where they may be (before an operator, between arguments); longer lines
 * are broken; `=` and comments are lined up. Comments and single blank lines stay. Never throws.
 */
export function format(source: string, text: string): Formatted {
  const { problems, whole } = parse(source, text)
  if (!whole) return { text, problems, kept: true }
  return withinStack(
    () => formatWith(problems, text),
    () => ({ text, problems: [...problems, stackExhausted(source, text)], kept: true }),
  )
}

function formatWith(problems: readonly SyntaxProblem[], text: string): Formatted {
  const foreign = problems.flatMap(({ span, instead }) => (instead ? [span.start] : []))
  const result = layOut(text, problems.length > 0, foreign)
  const same = saysTheSame(text, result, problems.length > 0)
  // If errors make the structure ambiguous, the whole text is left unchanged.
  return { text: same ? result : text, problems, kept: same || problems.length > 0 }
}

/** @param foreign where something stands that is read, but not as it is written here */
function layOut(text: string, faulty: boolean, foreign: readonly number[]): string {
  const stumbled = faulty ? [...stumbles(text), ...foreign] : []
  const { entries, inner } = structureOf(piecesOf(text), new Set(stumbled), faulty)
  const layout = new BodyLayout({ text, inner, whole: faulty })
  const lines: string[] = []
  for (const declaration of declarationsOf(entries)) {
    if (lines.length > 0 && declaration.apart) lines.push('')
    lines.push(...withComments(layout.lines(declaration.entries, 0)))
  }
  return lines.map((line) => `${line}\n`).join('')
}

interface Declaration {
  readonly entries: Entry[]
  /** A blank line stands before it. */
  readonly apart: boolean
}

/** Each import, block and model with the comments above it. A block or model stands apart from all else. */
function declarationsOf(entries: readonly Entry[]): Declaration[] {
  const found: Declaration[] = []
  let remarks: Entry[] = []
  let before: 'import' | 'other' | undefined
  for (const entry of entries) {
    if (entry.kind === 'remark') {
      remarks.push(entry)
      continue
    }
    const [word] = entry.nodes
    const kind = word?.kind === 'atom' && word.piece.text === 'import' ? 'import' : 'other'
    const all = [...remarks, entry]
    const apart = all[0]?.blankBefore === true || (before !== undefined && (kind === 'other' || before === 'other'))
    found.push({ entries: all, apart })
    remarks = []
    before = kind
  }
  if (remarks[0]) found.push({ entries: remarks, apart: remarks[0].blankBefore })
  return found
}

/** Comments behind longer lines do not move those behind the others. */
const widestBeforeComments = 80

/** The lines as text, with the comments behind code one under another. */
function withComments(lines: readonly Line[]): string[] {
  const length = ({ indent, code }: Line) => indent + code.length
  const commented = lines.filter((line) => line.code !== '' && line.comment !== undefined)
  const column = Math.max(0, ...commented.map(length).filter((width) => width <= widestBeforeComments)) + 2
  return lines.map((line) => {
    const { indent, code, comment } = line
    const start = `${code === '' && comment === undefined ? '' : ' '.repeat(indent)}${code}`
    if (comment === undefined || code === '') return `${start}${comment ?? ''}`
    return `${start.padEnd(Math.max(length(line) + 2, length(line) <= widestBeforeComments ? column : 0))}${comment}`
  })
}

/** Whether both texts hold the same tokens and the same comments in their order; commas that may be left out aside, if there was no mistake. */
function saysTheSame(before: string, after: string, faulty: boolean): boolean {
  const words = (text: string) => {
    const pieces = piecesOf(text).filter((piece) => faulty || piece.text !== ',')
    const comments = pieces.filter(({ kind }) => kind === 'comment')
    return [...pieces.filter(({ kind }) => kind !== 'comment'), ...comments].map(({ text: word }) => word)
  }
  const [old, now] = [words(before), words(after)]
  if (old.length !== now.length || old.some((word, index) => word !== now[index])) return false
  return faulty || treeOf(before) === treeOf(after)
}

/** The tree without its places. */
function treeOf(text: string): string {
  const { file } = parse('', text)
  const { text: _text, comments: _comments, ...tree } = file
  return JSON.stringify(tree, (key, value: unknown) => (/^(?:span|\w+Span)$/.test(key) ? undefined : value))
}
