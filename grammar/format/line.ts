import type { Piece } from './pieces.js'
import { type Atom, endsOperand } from './structure.js'

/** Longer lines are broken where they can be; comments do not count. */
export const widest = 120

/** A line of the result before comments are lined up. */
export interface Line {
  readonly indent: number
  readonly code: string
  readonly comment?: string
  /** It stands as it was written, or belongs to a statement within the one being laid out. */
  readonly settled: boolean
  /** Where in it a line may be broken. */
  readonly places: readonly Place[]
}

/** A place before which a line may be broken. */
export interface Place {
  readonly column: number
  /** Brackets around it, counted so that a part of a list is deeper than the commas of the list. */
  readonly depth: number
  readonly rank: number
  /** Places of one family are broken like words of a text: each line takes what fits. */
  readonly family: object
  /** Where the new line would begin. */
  readonly continuation: number
  readonly breakHere: () => void
  /** Instead of breaking between the parts of a bracket: gives its contents lines of their own. */
  readonly block?: { readonly gain: number; readonly open: () => void }
}

export const lengthOf = ({ indent, code }: Line): number => indent + code.length

/** Whether two tokens on one line have a space between them. */
export function spaced(
  before: Piece | undefined,
  sign: boolean,
  piece: Piece,
  next: Piece | undefined,
  atom?: Atom,
): boolean {
  if (!before || sign || before.text === '(' || before.text === '[') return false
  // `.2 .1` is two members, `.2.1` one number.
  if (piece.text === '.') return before.type === 'Number' && next?.type === 'Number'
  if (before.text === '.' || /^[,)\]%]$/.test(piece.text)) return false
  if (piece.text === ':' && atom?.rank === undefined) return false
  return !((piece.text === '(' || piece.text === '[') && endsOperand(before) && before.text !== '%')
}
