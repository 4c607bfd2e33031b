import { elementAt } from '../present.js'
import { type Line, lengthOf, type Place, spaced, widest } from './line.js'
import type { Piece } from './pieces.js'
import {
  type Atom,
  type Body,
  evenConditional,
  firstPiece,
  type Group,
  type Inner,
  type Node,
  type Statement,
} from './structure.js'

/** The lines of a body's entries, from a column on. */
export type LayBody = (body: Body, indent: number) => readonly Line[]

interface Context {
  readonly indent: number
  /** Spaces before the statement's `=`, so that it stands under others. */
  readonly pad: number
  readonly inner: ReadonlyMap<Piece, readonly Inner[]>
  readonly layBody: LayBody
}

/**
 * The lines of a statement, with the line ends that it has where they may be, and more where a line would be too long.
 * The statement remembers where it was broken.
 */
export function breakLines(statement: Statement, context: Context): readonly Line[] {
  for (;;) {
    const lines = layOut(statement.nodes, context)
    let broken = false
    for (const line of lines) broken = (!line.settled && lengthOf(line) > widest && breakLine(line)) || broken
    if (!broken) return lines
    evenConditionals(statement.nodes)
  }
}

/** The halves of a conditional may come to lie on different lines, one of which fits: where one is broken, the other is as well. */
function evenConditionals(nodes: readonly Node[]): void {
  evenConditional(nodes)
  for (const node of nodes) if (node.kind === 'group') for (const part of node.parts) evenConditionals(part.nodes)
}

/** Breaks a line at the outermost and loosest place that helps. */
function breakLine(line: Line): boolean {
  const places = line.places
    .filter(({ column, continuation }) => column > line.indent && continuation < column)
    .sort((a, b) => a.depth - b.depth || a.rank - b.rank || a.column - b.column)
  const [first] = places
  if (!first) return false
  const family = places.filter(({ family }) => family === first.family)
  const ends = family.map((_, index) => family[index + 1]?.column ?? lengthOf(line))
  const widths = family.map(({ column }, index) => elementAt(ends, index) - column)
  if (first.block && first.block.gain > 4 && Math.max(...widths) > widest - first.continuation) {
    first.block.open()
    return true
  }
  let shift = 0
  family.forEach((place, index) => {
    if (elementAt(ends, index) - shift <= widest && !(first.rank === 0 && family.length === 2)) return
    place.breakHere()
    shift = place.column - place.continuation
  })
  return true
}

/** A statement's lines with the breaks it has now. */
export function layOut(nodes: readonly Node[], context: Context): readonly Line[] {
  return new Layout(context).statement(nodes)
}

/** Between the values of a `return` lines are broken rather than at any operator. */
const commaRank = -0.5

interface Surroundings {
  readonly depth: number
  /** The indentation of a line that is broken before `->`, `?` or `:`. */
  readonly hanging: number
  /** The indentation of a line that is broken before another operator. */
  readonly aligned: number
}

class Layout {
  private readonly lines: Line[] = []
  private indent: number
  /** The indentation of a body's closing brace: that of its line, or, behind a group of several lines, of the line on which the group begins. */
  private bodyIndent: number
  private code = ''
  private comment: string | undefined
  private places: Place[] = []
  private before: Piece | undefined
  private afterSign = false
  /** A comment ended the line: what comes next begins another one. */
  private ended = false
  private continuation: number

  constructor(private readonly context: Context) {
    this.indent = context.indent
    this.bodyIndent = context.indent
    this.continuation = context.indent + 2
  }

  statement(nodes: readonly Node[]): readonly Line[] {
    const { indent, pad } = this.context
    const equals = nodes.findIndex(
      (node, index) => index > 0 && index < 3 && node.kind === 'atom' && node.piece.text === '=',
    )
    const head = nodes.slice(0, equals + 1)
    let aligned = indent + 2
    for (const node of head) {
      if (node.kind === 'atom' && node === nodes[equals]) this.code += ' '.repeat(pad)
      this.walk([node], { depth: 0, hanging: indent + 2, aligned })
    }
    if (head.length > 0) aligned = this.column + 1
    this.walk(nodes.slice(equals + 1), { depth: 0, hanging: indent + 2, aligned })
    this.endLine()
    return this.lines
  }

  private get column(): number {
    return this.indent + this.code.length
  }

  private walk(nodes: readonly Node[], around: Surroundings): void {
    const families = new Map<number, object>()
    // An operand on a line of its own is indented further than the operator that begins the line.
    const loosest = Math.min(
      ...nodes.flatMap((node) => (node.kind === 'atom' && node.broken && node.rank !== undefined ? [node.rank] : [])),
    )
    nodes.forEach((node, index) => {
      if (node.kind === 'group') this.group(node, around)
      else if (node.kind === 'body') this.body(node, around)
      else {
        const next = nodes[index + 1]
        if (node.rank !== undefined) this.operator(node, node.rank, loosest, around, families)
        this.put(node.piece, next && firstPiece(next), node)
        if (node.comma) this.afterComma(node, around, families)
      }
    })
  }

  private afterComma(comma: Atom, around: Surroundings, families: Map<number, object>): void {
    if (comma.broken) {
      this.newLine(around.hanging)
      return
    }
    const family = families.get(commaRank) ?? {}
    families.set(commaRank, family)
    this.place({
      depth: around.depth,
      rank: commaRank,
      family,
      continuation: around.hanging,
      breakHere: () => {
        comma.broken = true
      },
    })
  }

  private operator(
    atom: Atom,
    rank: number,
    loosest: number,
    around: Surroundings,
    families: Map<number, object>,
  ): void {
    const beside = rank < 2 ? around.hanging : around.aligned
    const continuation = loosest < rank ? (loosest < 2 ? around.hanging : around.aligned) + 2 : beside
    if (atom.broken) {
      this.newLine(continuation)
      return
    }
    const family = families.get(rank) ?? {}
    families.set(rank, family)
    this.place({
      depth: around.depth,
      rank,
      family,
      continuation,
      breakHere: () => {
        atom.broken = true
      },
    })
  }

  private group(group: Group, around: Surroundings): void {
    this.put(group.open, undefined)
    const outside = this.indent
    const { bodyIndent } = this
    const column = group.block ? outside + 2 : this.column
    const above = this.continuation
    this.continuation = column
    if (group.block) this.newLine(column)
    const block = group.block
      ? undefined
      : {
          gain: column - outside - 2,
          open: () => {
            group.block = true
          },
        }
    group.parts.forEach((part, index) => {
      if (part.broken && index > 0) this.newLine(column)
      else if (index > 0)
        this.place({
          depth: around.depth + 1,
          rank: 5,
          family: group,
          continuation: column,
          breakHere: () => {
            part.broken = true
          },
          ...(block && { block }),
        })
      this.walk(part.nodes, { depth: around.depth + 2, hanging: column + 2, aligned: column + 2 })
      if (part.comma) this.put(part.comma, undefined)
    })
    this.continuation = above
    if (group.block) this.newLine(outside)
    this.put(group.close, undefined)
    this.bodyIndent = bodyIndent
  }

  private body(body: Body, around: Surroundings): void {
    if (!body.tall && body.entries.length > 0)
      this.place({
        depth: around.depth,
        rank: -1,
        family: body,
        continuation: this.bodyIndent,
        breakHere: () => {
          body.tall = true
        },
      })
    this.put(body.open, undefined)
    if (body.tall) {
      const outside = this.bodyIndent
      this.endLine()
      this.lines.push(...this.context.layBody(body, outside + 2).map((line) => ({ ...line, settled: true })))
      this.startLine(outside)
    }
    // A body with comments of its own is tall.
    else
      for (const entry of body.entries.filter((entry) => entry.kind === 'statement')) {
        const flat = layOut(entry.nodes, { ...this.context, indent: 0, pad: 0 })
        this.code += ` ${elementAt(flat, 0).code}${entry.comma && entry !== body.entries.at(-1) ? ',' : ''}`
      }
    this.before = undefined
    if (!body.tall && body.entries.length > 0) this.code += ' '
    this.put(body.close, undefined)
  }

  private place(place: Omit<Place, 'column'>): void {
    this.places.push({ ...place, column: this.column + (this.code === '' ? 0 : 1) })
  }

  private put(piece: Piece, next: Piece | undefined, atom?: Atom): void {
    if (this.ended) this.newLine(this.continuation)
    if (this.code !== '' && spaced(this.before, this.afterSign, piece, next, atom)) this.code += ' '
    this.code += piece.text
    this.before = piece
    this.afterSign = atom?.sign === true
    for (const { text, alone } of this.context.inner.get(piece) ?? []) {
      if (alone) this.newLine(this.continuation)
      this.comment = text
      this.ended = true
    }
  }

  private newLine(column: number): void {
    if (this.code === '' && this.comment === undefined) {
      this.indent = column
      this.bodyIndent = column
      return
    }
    this.endLine()
    this.startLine(column)
  }

  private startLine(column: number): void {
    this.indent = column
    this.bodyIndent = column
    this.before = undefined
    this.afterSign = false
  }

  private endLine(): void {
    const { indent, code, comment, places } = this
    this.lines.push({ indent, code, settled: false, places, ...(comment !== undefined && { comment }) })
    this.code = ''
    this.comment = undefined
    this.places = []
    this.ended = false
  }
}
