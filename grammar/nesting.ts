import type { IToken } from 'chevrotain'

/** Each closing bracket by its opening one. */
export const closers: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])
/** The closing brackets. */
export const closing: ReadonlySet<string> = new Set(closers.values())

/**
 * Maximum nesting of brackets, conditionals and repeats. The parser, the tree builder and all that walks the tree recurse, so the bound
 * is checked on the tokens, before any of them runs. Error recovery recurses several times as deep as parsing itself: with Node's default
 * stack it overflows from about 75 levels on.
 */
export const deepestNesting = 40
/** Maximum number of operators in a row. */
const longestChain = 1000

/** Tokens that continue an expression: `a + b - c` is ((a + b) - c), a tree as deep as the chain is long. */
const chaining: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  '/',
  '.',
  '->',
  '(',
  '[',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
])

/** Keywords that begin a declaration or a statement, where every chain of operators ends. */
const beginning: ReadonlySet<string> = new Set([
  'import',
  'model',
  'block',
  'branch',
  'input',
  'loss',
  'predict',
  'train',
  'return',
  'augment',
])

/** Returns the token at which the nesting or a chain of operators exceeds its bound, or undefined when none does. */
export function tooDeep(tokens: readonly IToken[]): IToken | undefined {
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
    } else if (beginning.has(image)) level.links = 0
    else if (image === '?') level.questions++
    else if (image === 'repeat') level.repeats++
    else if (image === ',' || image === '=') {
      level.questions = 0
      level.links = 0
    }
    if (Math.max(around.length + 1, level.questions, level.repeats) > deepestNesting) return token
  }
  return undefined
}

/** Returns the innermost opening bracket, or undefined in a text without brackets. */
export function deepestBracket(tokens: readonly IToken[]): IToken | undefined {
  let depth = 0
  let deepest = 0
  let innermost: IToken | undefined
  for (const token of tokens) {
    if (closing.has(token.image)) depth = Math.max(0, depth - 1)
    else if (closers.has(token.image) && ++depth > deepest) {
      deepest = depth
      innermost = token
    }
  }
  return innermost
}
