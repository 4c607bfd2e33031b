import type { CstNode, IToken } from 'chevrotain'
import { tooDeep } from './nesting.js'
import { parserFor } from './parser.js'
import { lex, SingleQuoted } from './tokens.js'

/** A piece of the name of rounds: text that is part of it as it is, or the concrete tree of what is computed for each round. */
export type RoundNamePiece = { readonly text: string } | { readonly value: CstNode }

/** Returns the pieces of `"layer{i + 1}"`; undefined if it is none. The parser is used again: its errors of the whole text are lost. */
export function roundNamePieces({ image, startOffset }: IToken): readonly RoundNamePiece[] | undefined {
  const inner = image.slice(1, -1)
  const pieces: RoundNamePiece[] = []
  let at = 0
  for (const hole of inner.matchAll(/\{([^{}]*)\}/g)) {
    const value = expressionIn(hole[1] ?? '', startOffset + hole.index + 2)
    if (!value) return undefined
    pieces.push({ text: inner.slice(at, hole.index) }, { value })
    at = hole.index + hole[0].length
  }
  pieces.push({ text: inner.slice(at) })
  const texts = pieces.flatMap((piece) => ('text' in piece ? [piece.text] : []))
  return texts.every((text) => /^[\w-]*$/.test(text)) ? pieces.filter(isUsed) : undefined
}

function isUsed(piece: RoundNamePiece): boolean {
  return !('text' in piece) || piece.text !== ''
}

/** Reads an expression that begins at a place of the whole text; undefined if there is none, or if something else stands there. */
function expressionIn(text: string, start: number): CstNode | undefined {
  const { tokens, comments, hashes, errors } = lex(text)
  const isForeign = comments.length + hashes.length + errors.length > 0
  if (isForeign || tokens.length === 0 || tokens.some(({ tokenType }) => tokenType === SingleQuoted)) return undefined
  if (tooDeep(tokens)) return undefined
  const parser = parserFor(tokens.length)
  parser.input = tokens.map((token) => ({
    ...token,
    startOffset: token.startOffset + start,
    ...(token.endOffset !== undefined && { endOffset: token.endOffset + start }),
  }))
  const tree = parser.expression()
  return parser.errors.length === 0 ? tree : undefined
}
