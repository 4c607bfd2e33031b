import type { IToken } from 'chevrotain'
import { withoutTrailingCommas } from '../habits.js'
import { parserFor } from '../parser.js'
import { lex } from '../tokens.js'

/** A token, a comment, or a run of invalid characters. Together the pieces hold every character except white space. */
export interface Piece {
  readonly kind: 'token' | 'comment' | 'unknown'
  readonly type: string
  readonly text: string
  readonly start: number
  readonly end: number
  /** Line ends between it and the piece before. */
  readonly lines: number
  /** Whether a line ends between it and the token before, comments aside. */
  readonly newLine: boolean
}

export function piecesOf(text: string): Piece[] {
  const { tokens, comments, hashes, errors } = lex(text)
  const stretch = ({ startOffset, image }: IToken) => ({ start: startOffset, end: startOffset + image.length })
  const found = [
    ...tokens.map((token) => ({ kind: 'token' as const, type: token.tokenType.name, ...stretch(token) })),
    ...comments.map((token) => ({ kind: 'comment' as const, type: 'Comment', ...stretch(token) })),
    ...[...hashes.map(stretch), ...errors.map(({ offset, length }) => ({ start: offset, end: offset + length }))].map(
      (place) => ({ kind: 'unknown' as const, type: 'Unknown', ...place }),
    ),
  ]
  let before = 0
  let newLine = false
  return found
    .sort((a, b) => a.start - b.start)
    .map((piece) => {
      const lines = text.slice(before, piece.start).match(/\r\n|\r|\n/g)?.length ?? 0
      before = piece.end
      newLine ||= lines > 0
      const complete: Piece = { ...piece, lines, newLine, text: text.slice(piece.start, piece.end).trimEnd() }
      if (piece.kind !== 'comment') newLine = false
      return complete
    })
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Each bracket with its partner. A brace closes through brackets left open, so that those alone have none. */
export function partners(pieces: readonly Piece[]): Map<Piece, Piece> {
  const found = new Map<Piece, Piece>()
  const open: Piece[] = []
  const closes = (opener: Piece, closer: Piece) => closers[opener.text] === closer.text
  for (const piece of pieces) {
    if (piece.kind !== 'token') continue
    if (closers[piece.text]) open.push(piece)
    if (!Object.values(closers).includes(piece.text)) continue
    const at = piece.text === '}' ? open.findLastIndex((opener) => opener.text === '{') : open.length - 1
    const opener = open[at]
    if (!opener || !closes(opener, piece)) continue
    open.length = at
    found.set(opener, piece)
    found.set(piece, opener)
  }
  return found
}

/** Returns the offsets of tokens at which the parser failed or that it skipped, except for braces, which belong to the enclosing construct. */
export function stumbles(text: string): Set<number> {
  const tokens = withoutTrailingCommas(lex(text).tokens)
  const parser = parserFor(tokens.length)
  parser.input = tokens
  parser.file()
  const places = new Set<number>()
  const indexOf = new Map(tokens.map((token, index) => [token, index]))
  for (const { token, resyncedTokens } of parser.errors) {
    const before = tokens[(indexOf.get(token) ?? tokens.length) - 1]
    for (const near of [token, before, ...resyncedTokens])
      if (near && near.image !== '' && near.image !== '{' && near.image !== '}') places.add(near.startOffset)
  }
  return places
}
