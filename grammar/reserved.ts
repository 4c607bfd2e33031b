import { type IToken, tokenMatcher } from 'chevrotain'
import { present } from './present.js'
import * as t from './tokens.js'

/** Words that open a construct and thus cannot be names, with the tokens that may follow: `block residual`, `loss {`, `repeat 3`. */
const continuations = new Map([
  [t.ImportKeyword, [t.Name]],
  [t.ModelKeyword, [t.Name]],
  [t.BlockKeyword, [t.Name]],
  [t.BranchKeyword, [t.Name]],
  [t.InputKeyword, [t.Name]],
  [t.LossKeyword, [t.LeftBrace]],
  [t.PredictKeyword, [t.Name]],
  [t.TrainKeyword, [t.LeftBrace]],
  [t.ReturnKeyword, [t.Name]],
  [t.RepeatKeyword, [t.Name, t.NumberLiteral]],
])

export interface ReservedNames {
  /** The tokens, with the words that are used as names read as names. */
  readonly tokens: IToken[]
  /** Where a word of the language is given to a binding. */
  readonly misused: readonly IToken[]
}

/**
 * Finds words of the language that a binding is called: `block = relu(x)`. No statement begins this way, so they are parsed as names, and the rest of
 * the text is parsed normally.
 */
export function reservedNames(tokens: IToken[]): ReservedNames {
  const misused = bindingsOfWords(tokens)
  if (misused.length === 0) return { tokens, misused }
  const bound = new Set(misused.map(({ tokenType }) => tokenType))
  const asName = (token: IToken, index: number) =>
    bound.has(token.tokenType) && !opens(token, tokens[index + 1])
      ? {
          ...token,
          tokenType: t.Identifier,
          tokenTypeIdx: present(t.Identifier.tokenTypeIdx, 'a token type of the lexer'),
        }
      : token
  return { tokens: tokens.map(asName), misused }
}

function bindingsOfWords(tokens: readonly IToken[]): readonly IToken[] {
  let depth = 0
  return tokens.filter((token, index) => {
    if (token.tokenType === t.LeftParen || token.tokenType === t.LeftBracket) depth++
    if (token.tokenType === t.RightParen || token.tokenType === t.RightBracket) depth--
    const next = tokens[index + 1]
    // Arguments of a call may have such names.
    return depth === 0 && continuations.has(token.tokenType) && next?.tokenType === t.Equals
  })
}

/** Whether the word is meant as a word of the language, by what follows it. */
function opens({ tokenType }: IToken, next: IToken | undefined): boolean {
  return next !== undefined && (continuations.get(tokenType) ?? []).some((type) => tokenMatcher(next, type))
}
