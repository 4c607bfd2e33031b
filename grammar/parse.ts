import type { ILexingError, IRecognitionException, IToken } from 'chevrotain'
import { TreeBuilder } from './build.js'
import { type Habit, tokenHabits, withoutTrailingCommas } from './habits.js'
import { lineIndexAt, lineStarts } from './lines.js'
import { closers, closing, deepestBracket, tooDeep } from './nesting.js'
import { parserFor } from './parser.js'
import { present } from './present.js'
import { reservedNames } from './reserved.js'
import { withinStack } from './stack.js'
import * as t from './tokens.js'
import type { SourceFile, Span } from './tree.js'

export interface SyntaxProblem {
  readonly kind: 'unexpected' | 'unknown-character' | 'misnamed' | 'too-deep' | 'stack-exhausted'
  /** Descriptions of the tokens that were expected there; empty if no particular one was. */
  readonly expected: string
  /** The text that stands there instead. */
  readonly found: string
  /** The word or symbol before it; empty at the beginning. */
  readonly before: string
  readonly span: Span
  /** For a bracket that is never closed: where it was opened. */
  readonly opened?: Span
  /** For syntax of another language: how it is written here. */
  readonly instead?: Instead
}

export interface Instead {
  readonly write: string
  /** Absent where it depends on the rest of the text what has to change. */
  readonly edit?: { readonly span: Span; readonly text: string }
}

export interface Parsed {
  readonly file: SourceFile
  readonly problems: readonly SyntaxProblem[]
  /** Whether the whole text was parsed: false for text that is nested too deeply, and after the first error of a huge one. */
  readonly whole: boolean
}

/** Parses a text. Never throws: a text with errors gives a partial tree, and all problems that were found. */
export function parse(source: string, text: string): Parsed {
  const lexed = t.lex(text)
  const comments = lexed.comments.map((token) => ({
    text: token.image,
    span: spanOf(source, text, token),
  }))
  const foreign = tokenHabits(lexed.tokens, lexed.hashes)
  const problems = [
    ...lexed.errors.map((error) => characterProblem(source, text, error)),
    ...foreign.map((habit) => habitProblem(source, text, habit)),
  ]
  const refuse = (kind: SyntaxProblem['kind'], at: IToken | undefined): Parsed => {
    const file: SourceFile = { source, text, imports: [], blocks: [], models: [], comments }
    return { file, problems: [...problems, refusal(kind, source, text, at)], whole: false }
  }
  const deep = tooDeep(lexed.tokens)
  if (deep) return refuse('too-deep', deep)
  return withinStack(
    () => parseTokens(source, text, lexed, comments, problems),
    () => refuse('stack-exhausted', deepestBracket(lexed.tokens)),
  )
}

/** Returns the problem of a text whose nesting exhausts the stack, at its innermost bracket. */
export function stackExhausted(source: string, text: string): SyntaxProblem {
  return refusal('stack-exhausted', source, text, deepestBracket(t.lex(text).tokens))
}

function refusal(kind: SyntaxProblem['kind'], source: string, text: string, at: IToken | undefined): SyntaxProblem {
  const span = at ? spanOf(source, text, at) : { source, start: 0, end: 0 }
  return { kind, expected: '', found: at?.image ?? '', before: '', span }
}

/** Recurses as deep as the text is nested, and deeper while Chevrotain recovers from an error. */
function parseTokens(
  source: string,
  text: string,
  lexed: t.Lexed,
  comments: SourceFile['comments'],
  problems: readonly SyntaxProblem[],
): Parsed {
  const { tokens: named, misused } = reservedNames(lexed.tokens)
  const tokens = withoutTrailingCommas(named)
  const parser = parserFor(tokens.length)
  parser.input = tokens
  const tree = parser.file()
  const starts = lineStarts(text)
  const lineAt = (offset: number) => lineIndexAt(starts, offset)
  const strange = new Set(lexed.errors.map(({ offset }) => lineAt(offset)))
  const read = onePerLine(text, parser.errors, strange, lineAt)
  const opened = read.length === 0 ? [] : unclosed(lexed.tokens)
  const indexOf = new Map(read.length === 0 ? [] : tokens.map((token, index) => [token, index]))
  const errors = read.map((error) => {
    const before = tokens[(indexOf.get(error.token) ?? 0) - 1] ?? (isEnd(error.token) ? tokens.at(-1) : undefined)
    return syntaxProblem(source, text, error, opened, before)
  })
  const whole = parser.recovers || parser.errors.length === 0
  const builder = new TreeBuilder(source, text)
  const declarations = builder.declarations(tree)
  // On a line with a syntax error, a colon may have any meaning.
  const unread = new Set([...strange, ...read.map(({ token }) => lineAt(offsetOf(text, token)))])
  const habits = builder.habits.filter(({ token }) => !unread.has(lineAt(token.startOffset)))
  const reserved = misused.map((token) => reservedProblem(source, text, token))
  const misnamed = [
    ...builder.misnamed.map((token) => misnamedProblem(source, text, token)),
    ...builder.quoted.map((token) => quotedProblem(source, text, token)),
  ]
  const foreign = habits.map((habit) => habitProblem(source, text, habit))
  const all = [...problems, ...reserved, ...misnamed, ...errors, ...foreign]
  return { file: { source, text, ...declarations, comments }, problems: all, whole }
}

function reservedProblem(source: string, text: string, token: IToken): SyntaxProblem {
  const expected = 'a name that is not a word of the language'
  const instead = { write: `"${token.image}" = ...` }
  return { kind: 'unexpected', expected, found: token.image, before: '', span: spanOf(source, text, token), instead }
}

function quotedProblem(source: string, text: string, token: IToken): SyntaxProblem {
  const expected = 'a name without quotes'
  return { kind: 'unexpected', expected, found: token.image, before: '', span: spanOf(source, text, token) }
}

/** A name in quotes that is no part of a weight's name. */
function misnamedProblem(source: string, text: string, token: IToken): SyntaxProblem {
  return { kind: 'misnamed', expected: '', found: token.image, before: '', span: spanOf(source, text, token) }
}

function habitProblem(
  source: string,
  text: string,
  { token, write, start, end, text: replacement }: Habit,
): SyntaxProblem {
  const [kind, expected] = habitKinds[token.tokenType.name] ?? ['unknown-character', '']
  return {
    kind,
    expected,
    found: kind === 'unexpected' ? token.image : token.image.charAt(0),
    before: '',
    span: spanOf(source, text, token),
    instead: { write, edit: { span: { source, start, end }, text: replacement } },
  }
}

/** The diagnostic for each habit; the others are about characters without a meaning. */
const habitKinds: Readonly<Record<string, readonly [SyntaxProblem['kind'], string]>> = {
  Colon: ['unexpected', "'='"],
  Unit: ['unexpected', 'a unit'],
}

function characterProblem(source: string, text: string, error: ILexingError): SyntaxProblem {
  const span = { source, start: error.offset, end: error.offset + error.length }
  return { kind: 'unknown-character', expected: '', found: text.slice(span.start, span.end), before: '', span }
}

function syntaxProblem(
  source: string,
  text: string,
  error: IRecognitionException,
  opened: readonly IToken[],
  before: IToken | undefined,
): SyntaxProblem {
  const expected = expectation(error)
  const found = error.token.image
  const opener = opened.findLast(
    (token) => `'${closers.get(token.image)}'` === expected && !(error.token.startOffset <= token.startOffset),
  )
  return {
    kind: 'unexpected',
    expected,
    found: found === '' ? 'the end of the file' : found,
    before: before?.image ?? '',
    span: place(source, text, error),
    ...(opener && { opened: spanOf(source, text, opener) }),
  }
}

/** A thing missing at the end of a line is shown there, not at whatever the next line begins with. */
function place(source: string, text: string, error: IRecognitionException): Span {
  const at = spanOf(source, text, error.token)
  const before = 'previousToken' in error ? (error.previousToken as IToken | undefined) : undefined
  if (error.name !== 'MismatchedTokenException' || !before || Number.isNaN(before.startOffset)) return at
  const end = before.startOffset + before.image.length
  return text.slice(end, at.start).includes('\n') ? { source, start: end, end } : at
}

function expectation(error: IRecognitionException): string {
  if (error.name === 'MismatchedTokenException') {
    const token = present(/-->\s(.*?)\s<--/.exec(error.message)?.[1], `the expected token in "${error.message}"`)
    // Only between declarations the file may end.
    return token === 'EOF' ? declaration : token
  }
  const rule = error.context.ruleStack.at(-1) ?? ''
  return expectationByRule[rule] ?? ''
}

const declaration = "'import', 'model' or 'block'"

/** Where several things would fit, their common name. */
const expectationByRule: Readonly<Record<string, string>> = {
  primary: 'a value',
  file: declaration,
  modelItem: "'input', 'branch', 'loss', 'predict', 'train' or a binding",
  statement: "a binding or 'return'",
  branch: "'(' or '='",
  train: 'a setting',
  member: 'a name',
}

/** After one error on a line the next ones there are mostly its echo; so are those after a character that means nothing (`strange`). */
function onePerLine(
  text: string,
  errors: readonly IRecognitionException[],
  strange: ReadonlySet<number>,
  lineAt: (offset: number) => number,
): IRecognitionException[] {
  const seen = new Set(strange)
  return errors.filter((error) => {
    const line = lineAt(offsetOf(text, error.token))
    return !seen.has(line) && seen.add(line)
  })
}

function offsetOf(text: string, token: IToken): number {
  return isEnd(token) ? text.length : token.startOffset
}

/** Chevrotain's token for the end of the file has no place. */
function isEnd(token: IToken): boolean {
  return Number.isNaN(token.startOffset)
}

/** The brackets that are opened and never closed, in the order of the text. */
function unclosed(tokens: readonly IToken[]): IToken[] {
  const open: IToken[] = []
  const orphans: IToken[] = []
  for (const token of tokens) {
    if (closers.has(token.image)) open.push(token)
    else if (closing.has(token.image)) {
      // Brackets opened inside and never closed are closed by this one.
      for (let last = open.pop(); last && closers.get(last.image) !== token.image; last = open.pop()) orphans.push(last)
    }
  }
  return [...orphans, ...open].sort((a, b) => a.startOffset - b.startOffset)
}

function spanOf(source: string, text: string, token: IToken): Span {
  const start = Number.isNaN(token.startOffset) ? text.length : token.startOffset
  return { source, start, end: start + token.image.length }
}
