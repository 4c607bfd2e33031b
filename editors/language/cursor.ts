import type { IToken } from 'chevrotain'
import { lexer } from '../../grammar/tokens.js'

/** A range of the text, in offsets. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** An unclosed bracket before the cursor. */
export interface Opening {
  readonly bracket: '(' | '[' | '{'
  /** The word that the braces belong to: model, block, branch, loss, train, augment, input, repeat. */
  readonly head: string | undefined
  /** The callee before a round bracket: `bap`, `master.trunk`; absent in a list of parameters and around an expression. */
  readonly callee: (Range & { readonly text: string; readonly piped: boolean }) | undefined
  /** The number of commas in it so far. */
  commas: number
  /** The names of the arguments given by name so far. */
  readonly given: string[]
  /** The first word of the current statement or argument. */
  keyword: string | undefined
  tokens: IToken[]
}

export type Where =
  | 'nowhere'
  | 'member'
  | 'import name'
  | 'import path'
  /** The beginning of a statement or declaration. */
  | 'statement'
  | 'argument'
  | 'value'

/** The context of a position in a text that may be incomplete anywhere, read from its tokens alone. */
export interface Cursor {
  readonly where: Where
  /** The word at the cursor, possibly empty; within a string, its content. */
  readonly word: Range & { readonly text: string }
  /** The open brackets, innermost last; the first entry is the file itself. */
  readonly openings: readonly Opening[]
  /** The name before the last `=` of the statement or argument. */
  readonly assigned: string | undefined
  /** Whether the word directly follows `->`. */
  readonly piped: boolean
  /** The offset of the dot before the word. */
  readonly dot: number | undefined
}

const heads = new Set(['model', 'block', 'branch', 'loss', 'predict', 'train', 'augment', 'input', 'repeat', 'import'])
const closing: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

export function cursorAt(text: string, offset: number): Cursor {
  const lexed = lexer.tokenize(text)
  const inside = (token: IToken) => token.startOffset < offset && offset <= token.startOffset + token.image.length
  const wordToken = lexed.tokens.find((token) => inside(token) && /^\w/.test(token.image))
  const string = lexed.tokens.find(
    ({ startOffset, image }) => image.startsWith('"') && startOffset < offset && offset < startOffset + image.length,
  )
  const start = string ? string.startOffset + 1 : (wordToken?.startOffset ?? offset)
  const end = string
    ? string.startOffset + string.image.length - 1
    : wordToken
      ? wordToken.startOffset + wordToken.image.length
      : offset
  const word = { start, end, text: text.slice(start, end) }
  const before = lexed.tokens.filter((token) => token.startOffset + token.image.length <= start && token !== string)
  const openings = openingsOf(before)
  const inner = openings.at(-1) ?? opening('{', undefined, undefined)
  const last = before.at(-1)
  const comment = (lexed.groups.comments ?? []).some(inside)
  const assigned = assignedIn(inner)
  const rest = {
    word,
    openings,
    assigned,
    piped: last?.image === '->',
    dot: last?.image === '.' ? last.startOffset : undefined,
  }
  const importing = openings.length === 1 && inner.keyword === 'import'
  if (comment) return { where: 'nowhere', ...rest }
  if (string) return { where: importing ? 'import path' : 'nowhere', ...rest }
  if (last?.image === '.') return { where: 'member', ...rest }
  if (importing && !endsStatement(inner, text, start)) return { where: 'import name', ...rest }
  if (inner.callee && (last?.image === '(' || last?.image === ',')) return { where: 'argument', ...rest }
  if (inner.bracket === '{' && beginsStatement(inner, text, start)) return { where: 'statement', ...rest }
  return { where: wordToken && /^\d/.test(wordToken.image) ? 'nowhere' : 'value', ...rest }
}

function opening(bracket: Opening['bracket'], head: string | undefined, callee: Opening['callee']): Opening {
  return { bracket, head, callee, commas: 0, given: [], keyword: undefined, tokens: [] }
}

function openingsOf(tokens: readonly IToken[]): Opening[] {
  const open: Opening[] = [opening('{', undefined, undefined)]
  for (const token of tokens) {
    const { image } = token
    const inner = open.at(-1)
    if (!inner) break
    if (image === '(' || image === '[' || image === '{')
      open.push(opening(image, inner.keyword, image === '(' ? calleeOf(inner.tokens) : undefined))
    else if (closing[image]) {
      // An unmatched closing bracket is ignored; one that matches an outer bracket closes the inner ones as well.
      const index = open.findLastIndex(({ bracket }) => bracket === closing[image])
      if (index > 0) open.length = index
      const outer = open.at(-1)
      if (image === '}' && outer) outer.keyword = undefined
      outer?.tokens.push(token)
      continue
    }
    if (heads.has(image)) inner.keyword = image
    if (image === '=' && inner.bracket === '(') inner.given.push(inner.tokens.at(-1)?.image ?? '')
    if (image === ',') inner.commas++
    inner.tokens.push(token)
  }
  return open
}

/** The dotted name that ends the tokens. */
function calleeOf(tokens: readonly IToken[]): Opening['callee'] {
  let first = tokens.length
  while (
    first > 0 &&
    /^["\w]/.test(tokens[first - 1]?.image ?? '') &&
    (first === tokens.length || tokens[first]?.image === '.')
  ) {
    first--
    if (tokens[first - 1]?.image === '.') first--
  }
  const [head, end] = [tokens[first], tokens.at(-1)]
  if (!head || !end || head.image === '.' || heads.has(head.image)) return undefined
  const before = tokens[first - 1]?.image
  if (before === 'model' || before === 'block' || before === 'branch') return undefined
  const text = tokens
    .slice(first)
    .map(({ image }) => image)
    .join('')
  return { start: head.startOffset, end: end.startOffset + end.image.length, text, piped: before === '->' }
}

function assignedIn({ tokens, bracket }: Opening): string | undefined {
  const comma = bracket === '{' ? -1 : tokens.findLastIndex(({ image }) => image === ',')
  const equals = tokens.findLastIndex(({ image }) => image === '=')
  return equals > comma ? tokens[equals - 1]?.image : undefined
}

const endOfValue = /^(?:[\w")\]}%]|$)/

/** Whether what stands before can be a whole statement: it ends like a value, and the word begins a line or comes after a comma. */
function beginsStatement({ tokens }: Opening, text: string, start: number): boolean {
  const last = tokens.at(-1)
  if (!last || last.image === '{' || last.image === '}') return true
  const between = text.slice(last.startOffset + last.image.length, start)
  if (last.image === ',') return true
  return between.includes('\n') && endOfValue.test(last.image) && last.image !== 'return'
}

function endsStatement({ tokens }: Opening, text: string, start: number): boolean {
  const last = tokens.at(-1)
  const closed = last?.image.startsWith('"') ?? false
  return closed && beginsStatement({ ...opening('{', undefined, undefined), tokens }, text, start)
}
