import type { ILexingError, IRecognitionException, IToken } from 'chevrotain'
import { TreeBuilder } from './build.js'
import { type Habit, tokenHabits, withoutTrailingCommas } from './habits.js'
import { parser } from './parser.js'
import * as t from './tokens.js'
import type { SourceFile, Span } from './tree.js'

export interface SyntaxProblem {
  readonly kind: 'unexpected' | 'unknown-character' | 'too-deep'
  /** What would have fitted there, in words. Empty where nothing in particular would. */
  readonly expected: string
  /** The text that stands there instead. */
  readonly found: string
  /** The word or symbol before it; empty at the beginning. */
  readonly before: string
  readonly span: Span
  /** For a bracket that is never closed: where it was opened. */
  readonly opened?: Span
  /** What is written as in another language: how it is written here. */
  readonly instead?: Instead
}

export interface Instead {
  readonly write: string
  readonly edit: { readonly span: Span; readonly text: string }
}

export interface Parsed {
  readonly file: SourceFile
  readonly problems: readonly SyntaxProblem[]
}

/** Brackets and `?` within one another. The parser recurses, so a bound keeps hostile text from its stack. */
export const deepestNesting = 100
/** Operators in a row. */
const longestChain = 1000

/** Never throws: a broken text gives the tree of what could be read, and every problem found on the way. */
export function parse(source: string, text: string): Parsed {
  const lexed = t.lexer.tokenize(text)
  const comments = (lexed.groups.comments ?? []).map((token) => ({
    text: token.image,
    span: spanOf(source, text, token),
  }))
  const foreign = tokenHabits(lexed.tokens, lexed.groups.hashes ?? [])
  const problems = [
    ...lexed.errors.map((error) => characterProblem(source, text, error)),
    ...foreign.map((habit) => habitProblem(source, text, habit)),
  ]
  const deep = tooDeep(lexed.tokens)
  if (deep) {
    const problem: SyntaxProblem = {
      kind: 'too-deep',
      expected: '',
      found: deep.image,
      before: '',
      span: spanOf(source, text, deep),
    }
    const empty: SourceFile = { source, text, imports: [], blocks: [], models: [], comments }
    return { file: empty, problems: [...problems, problem] }
  }
  const tokens = withoutTrailingCommas(lexed.tokens)
  parser.input = tokens
  const tree = parser.file()
  const strange = new Set(lexed.errors.map(({ offset }) => lineAt(text, offset)))
  const read = onePerLine(text, parser.errors, strange)
  const opened = read.length === 0 ? [] : unclosed(lexed.tokens)
  const errors = read.map((error) => {
    const before = tokens[tokens.indexOf(error.token) - 1] ?? (isEnd(error.token) ? tokens.at(-1) : undefined)
    return syntaxProblem(source, text, error, opened, before)
  })
  const builder = new TreeBuilder(source, text)
  const declarations = builder.declarations(tree)
  // On a line that could not be read, a colon may have meant anything.
  const unread = new Set([...strange, ...read.map(({ token }) => lineAt(text, offsetOf(text, token)))])
  const habits = builder.habits.filter(({ token }) => !unread.has(lineAt(text, token.startOffset)))
  const all = [...problems, ...errors, ...habits.map((habit) => habitProblem(source, text, habit))]
  return { file: { source, text, ...declarations, comments }, problems: all }
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

/** What a habit is reported as; the others are of characters that mean nothing. */
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
    const token = /-->\s(.*?)\s<--/.exec(error.message)?.[1] ?? ''
    // Only between declarations the file may end.
    return token === 'EOF' ? (expectationByRule.file ?? '') : token
  }
  const rule = error.context.ruleStack.at(-1) ?? ''
  return expectationByRule[rule] ?? ''
}

/** Where several things would fit, their common name. */
const expectationByRule: Readonly<Record<string, string>> = {
  primary: 'a value',
  file: "'import', 'model' or 'block'",
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
): IRecognitionException[] {
  const seen = new Set(strange)
  return errors.filter((error) => {
    const line = lineAt(text, offsetOf(text, error.token))
    return !seen.has(line) && seen.add(line)
  })
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function offsetOf(text: string, token: IToken): number {
  return isEnd(token) ? text.length : token.startOffset
}

/** Chevrotain's token for the end of the file has no place. */
function isEnd(token: IToken): boolean {
  return Number.isNaN(token.startOffset)
}

const closers: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])
const closing: ReadonlySet<string> = new Set(closers.values())

/** The brackets that are opened and never closed, in the order of the text. */
function unclosed(tokens: readonly IToken[]): IToken[] {
  const open: IToken[] = []
  const orphans: IToken[] = []
  for (const token of tokens) {
    if (closers.has(token.image)) open.push(token)
    else if (closing.has(token.image)) {
      // What was opened inside and never closed is an orphan of this closer.
      for (let last = open.pop(); last && closers.get(last.image) !== token.image; last = open.pop()) orphans.push(last)
    }
  }
  return [...orphans, ...open].sort((a, b) => a.startOffset - b.startOffset)
}

/** What goes on with the expression before it: `a + b - c` is ((a + b) - c), as deep as it is long. */
const chaining: ReadonlySet<string> = new Set(['+', '-', '*', '/', '.', '->', '('])

/** The token at which the nesting, or one chain of operators, becomes longer than what comes after could recurse into. */
function tooDeep(tokens: readonly IToken[]): IToken | undefined {
  const fresh = () => ({ questions: 0, links: 0, repeats: 0 })
  const around: ReturnType<typeof fresh>[] = []
  let level = fresh()
  for (const token of tokens) {
    const { image } = token
    if (chaining.has(image) && ++level.links > longestChain) return token
    if (closers.has(image)) {
      around.push(level)
      level = fresh()
    } else if (closing.has(image)) {
      level = around.pop() ?? level
      // The body of a repeat has ended, and with it the nesting of its start.
      level.repeats = 0
    } else if (image === '?') level.questions++
    else if (image === 'repeat') level.repeats++
    else if (image === ',' || image === '=') {
      level.questions = 0
      level.links = 0
    }
    if (Math.max(around.length + 1, level.questions, level.repeats) > deepestNesting) return token
  }
  return undefined
}

function spanOf(source: string, text: string, token: IToken): Span {
  const start = Number.isNaN(token.startOffset) ? text.length : token.startOffset
  return { source, start, end: start + token.image.length }
}
