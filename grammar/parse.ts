import type { ILexingError, IRecognitionException, IToken } from 'chevrotain'
import { TreeBuilder } from './build.js'
import { parser } from './parser.js'
import * as t from './tokens.js'
import type { SourceFile, Span } from './tree.js'

export interface SyntaxProblem {
  readonly kind: 'unexpected' | 'unknown-character' | 'too-deep'
  /** What would have fitted there, in words. Empty where nothing in particular would. */
  readonly expected: string
  /** The text that stands there instead. */
  readonly found: string
  readonly span: Span
  /** For a bracket that is never closed: where it was opened. */
  readonly opened?: Span
}

export interface Parsed {
  readonly file: SourceFile
  readonly problems: readonly SyntaxProblem[]
}

/** Brackets and `?` within one another. The parser recurses, so a bound keeps hostile text from its stack. */
export const deepestNesting = 100

/** Never throws: a broken text gives the tree of what could be read, and every problem found on the way. */
export function parse(source: string, text: string): Parsed {
  const lexed = t.lexer.tokenize(text)
  const comments = (lexed.groups.comments ?? []).map((token) => ({
    text: token.image,
    span: spanOf(source, text, token),
  }))
  const problems = lexed.errors.map((error) => characterProblem(source, text, error))
  const deep = tooDeep(lexed.tokens)
  if (deep) {
    const problem: SyntaxProblem = {
      kind: 'too-deep',
      expected: '',
      found: deep.image,
      span: spanOf(source, text, deep),
    }
    const empty: SourceFile = { source, text, imports: [], blocks: [], models: [], comments }
    return { file: empty, problems: [...problems, problem] }
  }
  parser.input = lexed.tokens
  const tree = parser.file()
  const opened = unclosed(lexed.tokens)
  const errors = onePerLine(text, parser.errors).map((error) => syntaxProblem(source, text, error, opened))
  const declarations = new TreeBuilder(source, text).declarations(tree)
  return { file: { source, text, ...declarations, comments }, problems: [...problems, ...errors] }
}

function characterProblem(source: string, text: string, error: ILexingError): SyntaxProblem {
  const span = { source, start: error.offset, end: error.offset + error.length }
  return { kind: 'unknown-character', expected: '', found: text.slice(span.start, span.end), span }
}

function syntaxProblem(
  source: string,
  text: string,
  error: IRecognitionException,
  opened: readonly IToken[],
): SyntaxProblem {
  const expected = expectation(error)
  const found = error.token.image
  const opener = opened.findLast(
    (token) => `'${closers[token.image]}'` === expected && !(error.token.startOffset <= token.startOffset),
  )
  return {
    kind: 'unexpected',
    expected,
    found: found === '' ? 'the end of the file' : found,
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
  if (error.name === 'MismatchedTokenException') return /-->\s(.*?)\s<--/.exec(error.message)?.[1] ?? ''
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

/** After one error on a line the next ones there are mostly its echo. */
function onePerLine(text: string, errors: readonly IRecognitionException[]): IRecognitionException[] {
  const seen = new Set<number>()
  return errors.filter((error) => {
    const offset = Number.isNaN(error.token.startOffset) ? text.length : error.token.startOffset
    const line = text.slice(0, offset).split('\n').length
    return !seen.has(line) && seen.add(line)
  })
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** The brackets that are opened and never closed, in the order of the text. */
function unclosed(tokens: readonly IToken[]): IToken[] {
  const open: IToken[] = []
  const orphans: IToken[] = []
  for (const token of tokens) {
    if (closers[token.image]) open.push(token)
    else if (Object.values(closers).includes(token.image)) {
      // What was opened inside and never closed is an orphan of this closer.
      for (let last = open.pop(); last && closers[last.image] !== token.image; last = open.pop()) orphans.push(last)
    }
  }
  return [...orphans, ...open].sort((a, b) => a.startOffset - b.startOffset)
}

function tooDeep(tokens: readonly IToken[]): IToken | undefined {
  const questions = [0]
  for (const token of tokens) {
    if (closers[token.image]) questions.push(0)
    else if (Object.values(closers).includes(token.image)) {
      if (questions.length > 1) questions.pop()
    } else if (token.image === '?') questions.push((questions.pop() ?? 0) + 1)
    else if (token.image === ',' || token.image === '=') {
      questions.pop()
      questions.push(0)
    }
    if (questions.length > deepestNesting || (questions.at(-1) ?? 0) > deepestNesting) return token
  }
  return undefined
}

function spanOf(source: string, text: string, token: IToken): Span {
  const start = Number.isNaN(token.startOffset) ? text.length : token.startOffset
  return { source, start, end: start + token.image.length }
}
