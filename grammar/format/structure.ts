import { elementAt } from '../present.js'
import { type Piece, partners } from './pieces.js'

/** A comment within a statement, after one of its tokens. */
export interface Inner {
  readonly text: string
  /** Whether it is on a line of its own. */
  readonly alone: boolean
}

export interface Atom {
  readonly kind: 'atom'
  readonly piece: Piece
  /** How loosely an operator binds; a long line is broken before the loosest. Undefined for anything else. */
  readonly rank?: number
  /** A sign before a number, which keeps close to it. */
  readonly sign: boolean
  /** A comma between the values of a `return`. */
  readonly comma: boolean
  /** A line begins with it, or after it if it is a comma. */
  broken: boolean
}

/** The contents of round or square brackets, split at their commas. */
export interface Group {
  readonly kind: 'group'
  readonly open: Piece
  readonly parts: readonly Part[]
  readonly close: Piece
  /** Its contents begin on a line of their own. */
  block: boolean
}

export interface Part {
  readonly nodes: readonly Node[]
  readonly comma?: Piece
  /** A line begins with it. */
  broken: boolean
}

/** The contents of braces. */
export interface Body {
  readonly kind: 'body'
  readonly open: Piece
  readonly entries: readonly Entry[]
  readonly close: Piece
  /** Its entries stand on lines of their own. */
  tall: boolean
}

export type Node = Atom | Group | Body

export interface Statement {
  readonly kind: 'statement'
  readonly nodes: readonly Node[]
  readonly start: number
  readonly end: number
  /** It could not be read, and stays as it is. */
  readonly broken: boolean
  readonly comma: boolean
  /** Its comma stays at the end of a line, as in a list of steps; between bindings a line end is enough. */
  readonly keepsComma: boolean
  /** It follows the one before on its line. */
  readonly joined: boolean
  readonly comment?: string
  readonly blankBefore: boolean
}

export interface Remark {
  readonly kind: 'remark'
  readonly text: string
  readonly blankBefore: boolean
}

export type Entry = Statement | Remark

export interface Structure {
  readonly entries: readonly Entry[]
  /** Comments within statements, by the token they follow. */
  readonly inner: ReadonlyMap<Piece, readonly Inner[]>
}

/** The statements of a file as far as brackets and words tell them apart; `stumbles` are the offsets at which the parser failed. In a `whole` reading no comma is left out. */
export function structureOf(pieces: readonly Piece[], stumbles: ReadonlySet<number>, whole: boolean): Structure {
  return new Reader(pieces, stumbles, whole).file()
}

type Mode = 'file' | 'statements' | 'steps'

const declarations = new Set(['import', 'model', 'block'])
const beginnings = new Set([...declarations, 'input', 'branch', 'loss', 'predict', 'train', 'return'])
const names = new Set(['Identifier', 'From', 'As', 'Named', 'Augment', 'Unit'])
/** Tokens with which a binding may begin. */
const bindable = new Set([...names, 'String', 'SingleQuoted'])
const ranks: Readonly<Record<string, number>> = {
  '?': 0,
  ':': 0,
  '->': 1,
  '==': 2,
  '!=': 2,
  '<': 2,
  '<=': 2,
  '>': 2,
  '>=': 2,
  '+': 3,
  '-': 3,
  '*': 4,
  '/': 4,
}

/** A statement while it is read. */
interface Draft {
  readonly first: Piece
  readonly nodes: Node[]
  last: Piece
  /** Heads of repeats whose body has not come yet. */
  repeats: number
  broken: boolean
  comma: boolean
  keepsComma: boolean
  readonly joined: boolean
  readonly blankBefore: boolean
  comment?: string
}

class Reader {
  private at = 0
  private readonly pairs: ReadonlyMap<Piece, Piece>
  private readonly inner = new Map<Piece, Inner[]>()
  private readonly drafts: Draft[] = []

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly stumbles: ReadonlySet<number>,
    private readonly whole: boolean,
  ) {
    this.pairs = partners(pieces)
  }

  file(): Structure {
    return { entries: this.entries('file', undefined), inner: this.inner }
  }

  private entries(mode: Mode, close: Piece | undefined): Entry[] {
    const entries: Entry[] = []
    let draft: Draft | undefined
    let pending: Piece[] = []
    const finish = () => {
      if (!draft) return
      this.drafts.pop()
      entries.push(statementOf(draft))
      draft = undefined
    }
    const flush = () => {
      const [first] = pending
      if (first && first.lines === 0 && draft) {
        draft.comment = first.text
        pending.shift()
      }
      finish()
      for (const { text, lines } of pending) entries.push({ kind: 'remark', text, blankBefore: lines > 1 })
      pending = []
    }
    for (let piece = this.pieces[this.at]; piece && piece !== close; piece = this.pieces[this.at]) {
      if (piece.kind === 'comment') {
        pending.push(piece)
        this.at++
      } else if (draft && separates(mode, draft, piece) && !this.continuesReturn(draft)) {
        // Comments before it are said of the statement, so the comma goes before them.
        draft.comma = true
        // After a number the next binding's name could be read as its unit: `a = 3, steps = 4`.
        draft.keepsComma = mode === 'steps' || (draft.last.type === 'Number' && this.next(1)?.type === 'Unit')
        draft.last = piece
        this.at++
      } else {
        if (!draft || draft.comma || this.begins(mode, draft, piece)) {
          const joined: boolean = draft?.comma === true && !piece.newLine && pending.length === 0
          flush()
          draft = {
            first: piece,
            nodes: [],
            last: piece,
            repeats: 0,
            broken: false,
            comma: false,
            keepsComma: false,
            joined,
            blankBefore: piece.lines > 1,
          }
          this.drafts.push(draft)
        } else {
          this.follow(draft.last, pending)
          pending = []
        }
        const node = this.node(draft.nodes.at(-1), modeIn(draft))
        draft.nodes.push(node)
        draft.last = lastPiece(node)
        if (node.kind === 'body') draft.repeats = Math.max(0, draft.repeats - 1)
        else if (isRepeat(node, draft.nodes.at(-2))) draft.repeats++
      }
    }
    flush()
    return entries
  }

  /** Comments between two tokens of one statement. */
  private follow(piece: Piece, comments: readonly Piece[]): void {
    if (comments.length === 0) return
    const before = this.inner.get(piece) ?? []
    this.inner.set(piece, [...before, ...comments.map(({ text, lines }) => ({ text, alone: lines > 0 }))])
  }

  private begins(mode: Mode, draft: Draft, piece: Piece): boolean {
    const before = draft.last
    if (before.text === '.') return false
    if (mode === 'file') return declarations.has(piece.text)
    if (mode === 'steps') return endsOperand(before) && beginsOperand(piece) && piece.type !== 'Unit'
    if (beginnings.has(piece.text)) return true
    const next = this.next(1)
    if (piece.text === 'augment' && this.next(2)?.text === '{') return true
    if (draft.repeats > 0 || !bindable.has(piece.type) || next?.text !== '=') return false
    return !(draft.nodes.length === 1 && (before.text === 'branch' || before.text === 'predict'))
  }

  /** Whether the comma here is followed by another value of a `return`. */
  private continuesReturn({ first }: Draft): boolean {
    const next = this.next(1)
    if (first.text !== 'return' || !next || next.text === '}' || next.text === 'return') return false
    return !(bindable.has(next.type) && this.next(2)?.text === '=')
  }

  /** The token so many tokens on, comments aside. */
  private next(count: number): Piece | undefined {
    let left = count
    for (let at = this.at + 1; at < this.pieces.length; at++)
      if (this.pieces[at]?.kind !== 'comment' && --left === 0) return this.pieces[at]
    return undefined
  }

  private node(before: Node | undefined, mode: Mode): Node {
    const piece = elementAt(this.pieces, this.at)
    const close = this.pairs.get(piece)
    this.at++
    if (close && piece.text === '{') return this.body(piece, close, mode)
    if (close && (piece.text === '(' || piece.text === '[')) return this.group(piece, close, mode)
    const unpaired = !close && /^[()[\]{}]$/.test(piece.text)
    const draft = this.drafts.at(-1)
    if (draft && (unpaired || piece.kind === 'unknown' || this.stumbles.has(piece.start))) draft.broken = true
    return this.atom(piece, before)
  }

  private atom(piece: Piece, before: Node | undefined): Atom {
    const sign = piece.text === '-' && !(before && endsOperand(lastPiece(before)))
    const draft = this.drafts.at(-1)
    const label = piece.text === ':' && draft?.first.text === 'input' && draft.nodes.length === 2
    const comma = piece.text === ',' && draft?.first.text === 'return'
    const rank = sign || label || piece.kind !== 'token' ? undefined : ranks[piece.text]
    const next = this.pieces[this.at]?.newLine === true
    const broken = comma ? next : rank !== undefined && (piece.newLine || next)
    return { kind: 'atom', piece, sign, comma, broken, ...(rank !== undefined && { rank }) }
  }

  private group(open: Piece, close: Piece, mode: Mode): Group {
    const parts: Part[] = []
    let nodes: Node[] = []
    let last = open
    let broken = false
    const finish = (comma?: Piece) => {
      evenConditional(nodes)
      parts.push({ nodes, broken, ...(comma && { comma }) })
      nodes = []
    }
    for (let piece = this.pieces[this.at]; piece && piece !== close; piece = this.pieces[this.at]) {
      if (piece.kind === 'comment') {
        this.follow(last, [piece])
        this.at++
      } else if (piece.text === ',') {
        // One behind the last part means nothing, and is left out.
        const trailing = !this.whole && nodes.length > 0 && this.next(1) === close
        this.at++
        if (trailing) continue
        last = piece
        finish(piece)
        broken = piece.newLine
      } else {
        if (nodes.length === 0) broken ||= piece.newLine
        const node = this.node(nodes.at(-1), mode)
        nodes.push(node)
        last = lastPiece(node)
      }
    }
    const first = parts[0]?.nodes[0] ?? nodes[0]
    const block = first !== undefined && firstPiece(first).newLine
    if (nodes.length > 0) finish()
    this.closeAt(close)
    return { kind: 'group', open, parts, close, block }
  }

  private body(open: Piece, close: Piece, mode: Mode): Body {
    const begin = this.at
    const first = this.pieces[begin]
    if (first?.kind === 'comment' && first.lines === 0) {
      this.follow(open, [first])
      this.at++
    }
    const entries = this.entries(mode, close)
    const within = this.pieces.slice(begin, this.at)
    const tall = entries.length > 0 && [...within, close].some(({ kind, lines }) => kind === 'comment' || lines > 0)
    this.closeAt(close)
    return { kind: 'body', open, entries, close, tall: tall || this.inner.has(open) }
  }

  private closeAt(close: Piece): void {
    const draft = this.drafts.at(-1)
    if (draft && this.stumbles.has(close.start)) draft.broken = true
    this.at++
  }
}

function statementOf(draft: Draft): Statement {
  const { first, nodes, comma, keepsComma, joined, blankBefore, broken, comment } = draft
  evenConditional(nodes)
  const last = lastPiece(elementAt(nodes, nodes.length - 1))
  return {
    kind: 'statement',
    nodes,
    start: first.start,
    end: last.end,
    broken: broken || !endsOperand(last),
    comma,
    keepsComma,
    joined,
    blankBefore,
    ...(comment !== undefined && { comment }),
  }
}

/** A comma between two statements, not one within an import or the head of a repeat. */
function separates(mode: Mode, draft: Draft, piece: Piece): boolean {
  return mode !== 'file' && piece.text === ',' && draft.repeats === 0 && !draft.comma && draft.first.text !== 'import'
}

/** The kind of body that a brace of this statement would open. */
function modeIn({ first, nodes }: Draft): Mode {
  if (first.text === 'input') return 'steps'
  return first.text === 'augment' && nodes.length === 2 ? 'steps' : 'statements'
}

function isRepeat(node: Node, before: Node | undefined): boolean {
  return node.kind === 'atom' && node.piece.text === 'repeat' && !(before && lastPiece(before).text === '.')
}

/** Both halves of a conditional are broken alike, where there is but one. */
export function evenConditional(nodes: readonly Node[]): void {
  const halves = nodes.filter((node): node is Atom => node.kind === 'atom' && node.rank === 0)
  if (halves.length === 2 && halves.some(({ broken }) => broken)) for (const half of halves) half.broken = true
}

export function firstPiece(node: Node): Piece {
  return node.kind === 'atom' ? node.piece : node.open
}

export function lastPiece(node: Node): Piece {
  return node.kind === 'atom' ? node.piece : node.close
}

const literals = new Set([...names, 'Number', 'String', 'True', 'False'])

function beginsOperand({ type, text }: Piece): boolean {
  return literals.has(type) || text === '[' || text === 'repeat'
}

/** Whether a value may end with it: what follows is then a call, an operator, or the next thing. */
export function endsOperand({ type, text }: Piece): boolean {
  return literals.has(type) || /^[)\]}%]$/.test(text)
}
