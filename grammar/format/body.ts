import { elementAt } from '../present.js'
import { type Line, lengthOf, widest } from './line.js'
import type { Piece } from './pieces.js'
import { breakLines, layOut } from './statement.js'
import { type Body, type Entry, firstPiece, type Inner, type Remark, type Statement } from './structure.js'

/** The state that laying out a body needs. */
export interface Sheet {
  readonly text: string
  readonly inner: ReadonlyMap<Piece, readonly Inner[]>
  /** With syntax errors nothing is removed, not even a trailing comma. */
  readonly whole: boolean
}

/** A line of the source: a comment, or statements, mostly one. */
type Row = { readonly remark: Remark } | { readonly statements: Statement[] }

export class BodyLayout {
  private readonly done = new Map<Body, Map<number, readonly Line[]>>()

  constructor(private readonly sheet: Sheet) {}

  lines(entries: readonly Entry[], indent: number): Line[] {
    const rows = this.rows(entries, indent)
    const pads = this.pads(rows, indent)
    return rows.flatMap((row, index) => {
      const last = index === rows.length - 1
      const lines =
        'remark' in row ? [plain('', indent, row.remark.text)] : this.row(row.statements, last, indent, pads)
      return index > 0 && blankBefore(row) ? [plain('', 0), ...lines] : lines
    })
  }

  private readonly layBody = (body: Body, indent: number): readonly Line[] => {
    const known = this.done.get(body) ?? new Map<number, readonly Line[]>()
    this.done.set(body, known)
    const lines = known.get(indent) ?? this.lines(body.entries, indent)
    known.set(indent, lines)
    return lines
  }

  /** Statements that stand on one line stay there while they fit. */
  private rows(entries: readonly Entry[], indent: number): Row[] {
    const rows: Row[] = []
    let width = 0
    for (const entry of entries) {
      if (entry.kind === 'remark') {
        rows.push({ remark: entry })
        continue
      }
      const lines = this.statement(entry, indent, 0)
      const last = rows.at(-1)
      const own = lines.length === 1 && lines[0] ? lines[0].code.length : Number.POSITIVE_INFINITY
      if (entry.joined && last && 'statements' in last && width + 2 + own <= widest) {
        last.statements.push(entry)
        width += 2 + own
      } else {
        rows.push({ statements: [entry] })
        width = indent + own
      }
    }
    return rows
  }

  private statement(statement: Statement, indent: number, pad: number): readonly Line[] {
    if (statement.broken) return this.asWritten(statement, indent)
    const context = { indent, pad, inner: this.sheet.inner, layBody: this.layBody }
    return pad === 0 ? breakLines(statement, context) : layOut(statement.nodes, context)
  }

  private asWritten({ start, end }: Statement, indent: number): Line[] {
    const [first = '', ...rest] = this.sheet.text.slice(start, end).split(/\r\n|\r|\n/)
    return [plain(first, indent), ...rest.map((code) => plain(code, 0))]
  }

  private row(
    row: readonly Statement[],
    isLast: boolean,
    indent: number,
    pads: ReadonlyMap<Statement, number>,
  ): Line[] {
    const lines = row.map((statement) => this.statement(statement, indent, pads.get(statement) ?? 0))
    const before =
      row.length > 1 ? [plain(lines.map((own) => elementAt(own, 0).code).join(', '), indent)] : elementAt(lines, 0)
    const last = elementAt(row, row.length - 1)
    const end = elementAt(before, before.length - 1)
    const comma = last.comma && (this.sheet.whole || (last.keepsComma && !isLast)) ? ',' : ''
    const comment = last.comment ?? end.comment
    return [...before.slice(0, -1), { ...end, code: end.code + comma, ...(comment !== undefined && { comment }) }]
  }

  /** The padding that aligns the `=` of each binding with its neighbours. */
  private pads(rows: readonly Row[], indent: number): Map<Statement, number> {
    const pads = new Map<Statement, number>()
    const fits = (lines: readonly Line[]) => lines.every((line) => line.settled || lengthOf(line) <= widest)
    for (const run of runs(rows)) {
      const longest = Math.max(...run.map(nameLength))
      for (const statement of run) {
        const pad = longest - nameLength(statement)
        if (pad > 0 && !statement.broken && fits(this.statement(statement, indent, pad))) pads.set(statement, pad)
      }
    }
    return pads
  }
}

/** Consecutive bindings, with comments in between. A binding that continues on further lines is not counted. */
function runs(rows: readonly Row[]): Statement[][] {
  const found: Statement[][] = []
  let kind: string | undefined
  for (const row of rows) {
    if (blankBefore(row)) kind = undefined
    if ('remark' in row) continue
    const [statement, second] = row.statements
    const own = statement && (!second || statement.broken) ? bindingKind(statement) : undefined
    if (own !== kind) found.push([])
    kind = own
    if (statement && own && (statement.broken || !hangs(statement))) found.at(-1)?.push(statement)
  }
  return found.filter(({ length }) => length > 1)
}

function bindingKind({ nodes }: Statement): 'binding' | 'branch' | undefined {
  const words = nodes.slice(0, 3).map((node) => (node.kind === 'atom' ? node.piece.text : ''))
  if (words[1] === '=') return 'binding'
  return words[0] === 'branch' && words[2] === '=' ? 'branch' : undefined
}

/** From the beginning of the name to the space before `=`. */
function nameLength({ nodes, broken, start }: Statement): number {
  const equals = nodes.findIndex((node) => firstPiece(node).text === '=')
  // Others stand under the `=` of a binding that stays as it is.
  if (broken) return equals === 1 ? firstPiece(elementAt(nodes, equals)).start - start - 1 : 0
  return firstPiece(elementAt(nodes, equals - 1)).text.length
}

function hangs({ nodes }: Statement): boolean {
  return nodes.some((node) => node.kind === 'atom' && node.broken && node.rank !== undefined && node.rank < 2)
}

function blankBefore(row: Row): boolean {
  const first = 'remark' in row ? row.remark : row.statements[0]
  return first?.blankBefore === true
}

function plain(code: string, indent: number, comment?: string): Line {
  return { indent, code, settled: true, places: [], ...(comment !== undefined && { comment }) }
}
