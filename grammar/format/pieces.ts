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
  const found: Found[] = []
  for (const token of tokens) found.push(foundAt(token, 'token', token.tokenType.name))
  for (const token of comments) found.push(foundAt(token, 'comment', 'Comment'))
  for (const token of hashes) found.push(foundAt(token, 'unknown', 'Unknown'))
  for (const { offset, length } of errors)
    found.push({ kind: 'unknown', type: 'Unknown', start: offset, end: offset + length })
  let before = 0
  let newLine = false
  return found
    .sort((a, b) => a.start - b.start)
    .map(({ kind, type, start, end }) => {
      const lines = lineEnds(text, before, start)
      before = end
      newLine ||= lines > 0
      const piece: Piece = { kind, type, text: text.slice(start, end).trimEnd(), start, end, lines, newLine }
      if (kind !== 'comment') newLine = false
      return piece
    })
}

type Found = Pick<Piece, 'kind' | 'type' | 'start' | 'end'>

function foundAt({ startOffset, image }: IToken, kind: Piece['kind'], type: string): Found {
  return { kind, type, start: startOffset, end: startOffset + image.length }
}

/** Returns the number of line ends (`\n`, `\r` or `\r\n`) in a part of the text. */
function lineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code === newline || (code === carriageReturn && !(at + 1 < to && text.charCodeAt(at + 1) === newline))) count++
  }
  return count
}

const newline = 10
const carriageReturn = 13

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
