import type { TokenType } from 'chevrotain'
import { functions } from '../../compiler/analysis/functions/index.js'
import { operations } from '../../compiler/ops/index.js'
import { settings } from '../../compiler/training/settings.js'
import * as t from '../../grammar/tokens.js'

/** The TextMate scope of each token. White space and names have none. */
export const scopeOf: ReadonlyMap<TokenType, string> = new Map([
  ...[t.ImportKeyword, t.FromKeyword, t.AsKeyword, t.NamedKeyword, t.ReturnKeyword, t.RepeatKeyword].map(
    (token) => [token, 'keyword.control.wsban'] as const,
  ),
  ...[
    t.ModelKeyword,
    t.BlockKeyword,
    t.BranchKeyword,
    t.InputKeyword,
    t.LossKeyword,
    t.PredictKeyword,
    t.TrainKeyword,
    t.AugmentKeyword,
  ].map((token) => [token, 'storage.type.wsban'] as const),
  ...[t.TrueKeyword, t.FalseKeyword].map((token) => [token, 'constant.language.boolean.wsban'] as const),
  [t.NumberLiteral, 'constant.numeric.wsban'],
  [t.UnitWord, 'keyword.other.unit.wsban'],
  [t.Percent, 'keyword.other.unit.wsban'],
  [t.StringLiteral, 'string.quoted.double.wsban'],
  [t.LineComment, 'comment.line.double-slash.wsban'],
  ...[t.HashComment, t.SingleQuoted].map((token) => [token, 'invalid.illegal.wsban'] as const),
  ...[
    t.Arrow,
    t.EqualEqual,
    t.NotEqual,
    t.LessEqual,
    t.GreaterEqual,
    t.Less,
    t.Greater,
    t.Equals,
    t.Question,
    t.Plus,
    t.Minus,
    t.Star,
    t.Slash,
  ].map((token) => [token, 'keyword.operator.wsban'] as const),
])

const punctuation = new Set([
  t.LeftParen,
  t.RightParen,
  t.LeftBracket,
  t.RightBracket,
  t.LeftBrace,
  t.RightBrace,
  t.Comma,
  t.Colon,
  t.Dot,
])
const names = new Set([t.Identifier, t.Name, t.Word, t.Assign])

interface Rule {
  readonly match?: string
  readonly begin?: string
  readonly end?: string
  readonly name?: string
  readonly captures?: Readonly<Record<string, { readonly name: string }>>
  readonly patterns?: readonly Rule[]
  readonly include?: string
}

const word = '[A-Za-z_][A-Za-z0-9_]*'
const call = '(?=\\s*\\()'
const assigned = '(?=\\s*=(?!=))'

/** Returns the TextMate grammar, for syntax highlighting without a language server, generated from the tokens of the language. */
export function textMateGrammar(): object {
  const known = [...new Set([...operations.keys(), ...functions.keys(), ...settings.keys(), 'uniform'])].join('|')
  const ordered: Rule[] = [
    patternOf(t.LineComment),
    patternOf(t.HashComment),
    patternOf(t.StringLiteral),
    patternOf(t.SingleQuoted),
    { match: `(?<!\\w)(${sourceOf(t.NumberLiteral)})\\s*(%|\\b${sourceOf(t.UnitWord)}\\b)?`, captures: numberCaptures },
    { match: `(\\.)\\s*(${word})`, captures: { 2: { name: 'variable.other.property.wsban' } } },
    { match: `\\b(model|block|branch)\\s+(${word})`, captures: declarationCaptures },
    { match: `:\\s*(${word})(?=\\s*\\[)`, captures: { 1: { name: 'support.type.wsban' } } },
    ...keywordRules(),
    // Any other name.
    { match: '\\bnamed\\b(?=\\s*")', name: scopeOf.get(t.NamedKeyword) ?? '' },
    { match: '\\btraining\\b', name: 'variable.language.wsban' },
    { match: `\\b(?:${known})\\b${call}`, name: 'support.function.wsban' },
    { match: `(->)\\s*((?:${known})\\b)?`, captures: arrowCaptures },
    { match: `\\b${word}${call}`, name: 'entity.name.function.wsban' },
  ]
  const rest: Rule[] = [operatorRule()]
  return {
    name: 'wsban',
    scopeName: 'source.wsban',
    patterns: [{ include: '#code' }],
    repository: {
      code: {
        patterns: [
          {
            begin: '\\(',
            end: '\\)|(?=\\})',
            patterns: [{ match: `\\b${word}${assigned}`, name: 'variable.parameter.wsban' }, { include: '#code' }],
          },
          ...ordered,
          { match: `\\b${word}${assigned}`, name: 'variable.other.assignment.wsban' },
          ...rest,
        ],
      },
    },
  }
}

const numberCaptures = { 1: { name: 'constant.numeric.wsban' }, 2: { name: 'keyword.other.unit.wsban' } }
const declarationCaptures = { 1: { name: 'storage.type.wsban' }, 2: { name: 'entity.name.type.wsban' } }
const arrowCaptures = { 1: { name: 'keyword.operator.wsban' }, 2: { name: 'support.function.wsban' } }

function sourceOf({ PATTERN }: TokenType): string {
  return PATTERN instanceof RegExp ? `(?:${PATTERN.source})` : escaped(String(PATTERN))
}

function patternOf(token: TokenType): Rule {
  return { match: sourceOf(token), name: scopeOf.get(token) ?? '' }
}

/** Words that are keywords wherever they do not follow a dot or name an argument. */
function keywordRules(): Rule[] {
  const byScope = new Map<string, string[]>()
  for (const token of t.tokens) {
    if (typeof token.PATTERN !== 'string' || !/^\w+$/.test(token.PATTERN) || token === t.NamedKeyword) continue
    const scope = scopeOf.get(token)
    if (scope === undefined) throw new Error(`no colour for ${token.name}`)
    byScope.set(scope, [...(byScope.get(scope) ?? []), token.PATTERN])
  }
  return [...byScope].map(([name, words]) => ({ match: `\\b(?:${words.join('|')})\\b(?!\\s*=(?!=))`, name }))
}

function operatorRule(): Rule {
  const operators = t.tokens.filter((token) => scopeOf.get(token) === 'keyword.operator.wsban')
  const sources = operators.map(({ PATTERN }) => escaped(String(PATTERN))).sort((a, b) => b.length - a.length)
  return { match: sources.join('|'), name: 'keyword.operator.wsban' }
}

/** Tokens for which nothing here says how they look: none, as long as this file is up to date. */
export function uncoloured(): readonly TokenType[] {
  const plain = (token: TokenType) => punctuation.has(token) || names.has(token) || token.name === 'WhiteSpace'
  return t.tokens.filter((token) => !scopeOf.has(token) && !plain(token))
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
