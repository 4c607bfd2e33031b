import { type IToken, tokenMatcher } from 'chevrotain'
import * as t from './tokens.js'

/** Syntax of another language, and its equivalent here. */
export interface Habit {
  readonly token: IToken
  /** The equivalent, for display. */
  readonly write: string
  /** The replacement, and the span that it replaces. */
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Longer text is not shown in help. */
const longestShown = 40

/** `rate: 0.1` */
export function colonHabit(text: string, name: IToken, colon: IToken, value: { start: number; end: number }): Habit {
  const start = name.startOffset + name.image.length
  const end = colon.startOffset + colon.image.length
  return {
    token: colon,
    write: `${name.image} = ${shown(text.slice(value.start, value.end))}`,
    start,
    end,
    text: /\s/.test(text.charAt(end)) ? ' =' : ' = ',
  }
}

/** `2 epoch` */
export function unitHabit(number: IToken, unit: IToken): Habit {
  const text = `${unit.image}s`
  const start = unit.startOffset
  return { token: unit, write: `${number.image} ${text}`, start, end: start + unit.image.length, text }
}

/** `# comment` and `'string'` */
export function tokenHabits(tokens: readonly IToken[], hashes: readonly IToken[]): Habit[] {
  const whole = (token: IToken, text: string, short: string): Habit => {
    const start = token.startOffset
    return { token, write: text.length > longestShown ? short : text, start, end: start + token.image.length, text }
  }
  const quoted = tokens.filter(({ tokenType }) => tokenType === t.SingleQuoted)
  return [
    ...hashes.map((token) => whole(token, token.image.replace(/^#+\s*/, '// ').trimEnd(), '// ...')),
    ...quoted.map((token) => whole(token, doubleQuoted(token.image), '"..."')),
  ]
}

function doubleQuoted(image: string): string {
  const body = image.slice(1, -1).replace(/\\(.)|"/g, (found, escaped: string | undefined) => {
    if (escaped === undefined) return '\\"'
    if (escaped === "'") return "'"
    return /["\\nt]/.test(escaped) ? found : `\\${found}`
  })
  return `"${body}"`
}

function shown(text: string): string {
  return text === '' || text.length > longestShown || /[\r\n]/.test(text) ? '...' : text
}

/** Returns the tokens without trailing commas of lists, which have no meaning. */
export function withoutTrailingCommas(tokens: IToken[]): IToken[] {
  const inQuestion = (index: number) => tokens[index]?.tokenType === t.Comma && endsList(tokens[index + 1])
  if (!tokens.some((_, index) => inQuestion(index))) return tokens
  const lists: boolean[] = []
  return tokens.filter((token, index) => {
    const before = tokens[index - 1]
    const inList = lists.at(-1) === true
    if (token.tokenType === t.LeftBracket) lists.push(true)
    else if (token.tokenType === t.LeftParen) lists.push(endsCallee(tokens, index - 1))
    else if (token.tokenType === t.LeftBrace) lists.push(false)
    else if (closers.has(token.tokenType)) lists.pop()
    return !inList || !before || !inQuestion(index) || separators.has(before.tokenType)
  })
}

function endsList(token: IToken | undefined): boolean {
  return token?.tokenType === t.RightParen || token?.tokenType === t.RightBracket
}

const closers = new Set([t.RightParen, t.RightBracket, t.RightBrace])
/** Before a comma there is something, or it is no comma behind something. */
const separators = new Set([t.Comma, t.LeftParen, t.LeftBracket])

/** Tokens that end something which can be called; after any other token a bracket groups an expression. */
const callees = [
  t.Name,
  t.StringLiteral,
  t.NumberLiteral,
  t.Percent,
  t.TrueKeyword,
  t.FalseKeyword,
  t.RightParen,
  t.RightBracket,
  t.RightBrace,
]

/** Whether a bracket after the token opens a call or a parameter list. After a dot, words of the language are names. */
function endsCallee(tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index]
  if (!token) return false
  if (tokens[index - 1]?.tokenType === t.Dot && tokenMatcher(token, t.Word)) return true
  return callees.some((type) => tokenMatcher(token, type))
}
