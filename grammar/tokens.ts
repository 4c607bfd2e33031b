import { createToken, type ILexingError, type IToken, Lexer, type TokenType } from 'chevrotain'

/** Any word: what may stand after a dot or before `=` in a call, keywords included. */
export const Word = createToken({ name: 'Word', pattern: Lexer.NA })
/** A word that may name something: identifiers, and the keywords that only matter in one place. */
export const Name = createToken({ name: 'Name', pattern: Lexer.NA, categories: [Word], label: 'a name' })

export const Identifier = createToken({
  name: 'Identifier',
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: [Name, Word],
  label: 'a name',
})

const keyword = (text: string, categories: TokenType[] = [Word]) =>
  createToken({
    name: text[0]?.toUpperCase() + text.slice(1),
    pattern: text,
    longer_alt: Identifier,
    categories,
    label: `'${text}'`,
  })

export const ImportKeyword = keyword('import')
export const ModelKeyword = keyword('model')
export const BlockKeyword = keyword('block')
export const BranchKeyword = keyword('branch')
export const InputKeyword = keyword('input')
export const LossKeyword = keyword('loss')
export const PredictKeyword = keyword('predict')
export const TrainKeyword = keyword('train')
export const ReturnKeyword = keyword('return')
export const RepeatKeyword = keyword('repeat')
export const TrueKeyword = keyword('true')
export const FalseKeyword = keyword('false')
export const FromKeyword = keyword('from', [Name, Word])
export const AsKeyword = keyword('as', [Name, Word])
export const NamedKeyword = keyword('named', [Name, Word])
export const AugmentKeyword = keyword('augment', [Name, Word])

/** `2 epochs`, `500 steps`: a unit only right after a number, a name everywhere else. */
export const UnitWord = createToken({
  name: 'Unit',
  pattern: /epochs?|steps?/,
  longer_alt: Identifier,
  categories: [Name, Word],
  label: 'a unit',
})

export const NumberLiteral = createToken({
  name: 'Number',
  pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/,
  label: 'a number',
})
export const StringLiteral = createToken({ name: 'String', pattern: /"(?:[^"\\\n\r]|\\["\\nt])*"/, label: 'a string' })
/** A string with single quotes, as in other languages: parsed as a string, and reported. */
export const SingleQuoted = createToken({
  name: 'SingleQuoted',
  pattern: /'(?:[^'\\\n\r]|\\.)*'/,
  categories: [StringLiteral],
})

/** The sign between a name and its value: `=`. A colon in its place is parsed as one, and reported. */
export const Assign = createToken({ name: 'Assign', pattern: Lexer.NA, label: "'='" })

const symbol = (name: string, pattern: string, categories: TokenType[] = []) =>
  createToken({ name, pattern, categories, label: `'${pattern}'` })

export const Arrow = symbol('Arrow', '->')
export const EqualEqual = symbol('EqualEqual', '==')
export const NotEqual = symbol('NotEqual', '!=')
export const LessEqual = symbol('LessEqual', '<=')
export const GreaterEqual = symbol('GreaterEqual', '>=')
export const Less = symbol('Less', '<')
export const Greater = symbol('Greater', '>')
export const Equals = symbol('Equals', '=', [Assign])
export const LeftParen = symbol('LeftParen', '(')
export const RightParen = symbol('RightParen', ')')
export const LeftBracket = symbol('LeftBracket', '[')
export const RightBracket = symbol('RightBracket', ']')
export const LeftBrace = symbol('LeftBrace', '{')
export const RightBrace = symbol('RightBrace', '}')
export const Comma = symbol('Comma', ',')
export const Colon = symbol('Colon', ':', [Assign])
export const Dot = symbol('Dot', '.')
export const Question = symbol('Question', '?')
export const Percent = symbol('Percent', '%')
export const Plus = symbol('Plus', '+')
export const Minus = symbol('Minus', '-')
export const Star = symbol('Star', '*')
export const Slash = symbol('Slash', '/')

export const LineComment = createToken({ name: 'Comment', pattern: /\/\/[^\n\r]*/, group: 'comments' })
/** A comment of other languages: skipped, and reported. */
export const HashComment = createToken({ name: 'HashComment', pattern: /#[^\n\r]*/, group: 'hashes' })
const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /[ \t\r\n\uFEFF]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
})

/** The order matters: the first pattern that fits wins, so longer symbols and keywords come first. */
export const tokens: TokenType[] = [
  WhiteSpace,
  LineComment,
  HashComment,
  NumberLiteral,
  StringLiteral,
  SingleQuoted,
  ImportKeyword,
  ModelKeyword,
  BlockKeyword,
  BranchKeyword,
  InputKeyword,
  LossKeyword,
  PredictKeyword,
  TrainKeyword,
  ReturnKeyword,
  RepeatKeyword,
  TrueKeyword,
  FalseKeyword,
  FromKeyword,
  AsKeyword,
  NamedKeyword,
  AugmentKeyword,
  UnitWord,
  Identifier,
  Arrow,
  EqualEqual,
  NotEqual,
  LessEqual,
  GreaterEqual,
  Less,
  Greater,
  Equals,
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Comma,
  Colon,
  Dot,
  Question,
  Percent,
  Plus,
  Minus,
  Star,
  Slash,
  Assign,
  Name,
  Word,
]

/** The token table is checked by the tests, not at every start. */
export const lexer = new Lexer(tokens, { skipValidations: true })

export interface Lexed {
  readonly tokens: IToken[]
  readonly comments: readonly IToken[]
  /** Comments as other languages write them. */
  readonly hashes: readonly IToken[]
  readonly errors: readonly ILexingError[]
}

export function lex(text: string): Lexed {
  const { tokens, groups, errors } = lexer.tokenize(text)
  const { comments = [], hashes = [] } = groups
  return { tokens, comments, hashes, errors }
}
