import type { TokenType } from 'chevrotain'
import type { Definition } from '../../compiler/analysis/resolved_name.js'
import { tensorOf } from '../../compiler/analysis/values.js'
import { neededOf } from '../../compiler/compile.js'
import { type Graph, type Node, shapeText } from '../../compiler/graph/graph.js'
import { measureNodes } from '../../compiler/graph/measure.js'
import { specialise } from '../../compiler/graph/phase.js'
import { elementAt } from '../../grammar/present.js'
import { lexer, NumberLiteral } from '../../grammar/tokens.js'
import type { Block, Branch } from '../../grammar/tree.js'
import { costText, measuresText } from './cost.js'
import type { Range } from './cursor.js'
import { scopeOf } from './textmate.js'
import type { Analysis } from './workspace.js'

export interface Hint {
  readonly offset: number
  readonly text: string
}

/** Returns the shape of each binding, as inlay hints at the end of its line. */
export function hintsOf({ names, facts, text }: Analysis, { start, end }: Range): Hint[] {
  return names.occurrences.flatMap(({ defines, definition: { binding } }) => {
    if (!defines || !binding || binding.span.end < start || binding.span.end > end) return []
    const value = facts.nameAt(binding.name.span.start)?.value
    const tensor = value && tensorOf(value)
    return tensor && tensor.type.shape.length > 1
      ? [{ offset: afterComment(text, binding.span.end), text: shapeText(tensor.type) }]
      : []
  })
}

/** Returns the end of a trailing comment: a hint before it would look like part of the code. */
function afterComment(text: string, offset: number): number {
  const [comment] = /^[ \t]*\/\/[^\r\n]*/.exec(text.slice(offset)) ?? []
  return offset + (comment?.trimEnd().length ?? 0)
}

export interface Lens extends Range {
  readonly text: string
}

/** Inference graphs, by the whole graph, which a text with errors keeps from its last version without. */
const inferences = new WeakMap<Graph, { readonly graph: Graph; readonly text: string }>()

function inferenceOf(whole: Graph): { readonly graph: Graph; readonly text: string } {
  const known = inferences.get(whole)
  if (known) return known
  const graph = specialise(neededOf(whole), 'inference')
  const measured = { graph, text: measuresText(measureNodes(graph, graph.nodes)) }
  inferences.set(whole, measured)
  return measured
}

/** Returns the number of weights and multiply-adds of a model in inference. */
export function sizeOf(whole: Graph): string {
  return inferenceOf(whole).text
}

/** Returns the code lenses of a model, its branches and the blocks of its file: the size of each, as of the last text without errors. */
export function lensesOf({ file, latestWhole }: Analysis): Lens[] {
  const [model] = file.models
  if (!model || !latestWhole) return []
  const { graph: inference, text } = inferenceOf(latestWhole)
  const parts = [...file.blocks, ...model.items.filter((item) => item.kind === 'branch')]
  return [{ ...model.name.span, text }, ...parts.flatMap((part) => lensOf(part, file.source, inference))]
}

/** Sums over all calls of a part in this file, since no other file sees its blocks. */
function lensOf({ kind, name }: Block | Branch, source: string, graph: Graph): Lens[] {
  const paths =
    kind === 'branch'
      ? [[name.text]]
      : graph.frames
          .filter((frame) => frame.kind === 'block' && frame.definition === name.text && frame.span.source === source)
          .map(({ path }) => path)
  const within = (node: Node) => paths.some((path) => path.every((step, index) => node.path[index] === step))
  const text = costText(graph, graph.nodes.filter(within))
  if (text === undefined) return []
  return [{ ...name.span, text: paths.length > 1 ? `${paths.length} calls: ${text}` : text }]
}

export const tokenKinds = [
  'function',
  'class',
  'namespace',
  'parameter',
  'variable',
  'property',
  'enumMember',
  'keyword',
  'number',
  'string',
  'comment',
  'operator',
] as const
export const tokenModifiers = ['declaration', 'defaultLibrary'] as const

export interface SemanticToken extends Range {
  readonly kind: (typeof tokenKinds)[number]
  readonly modifiers: readonly (typeof tokenModifiers)[number][]
}

/** Returns the semantic token of every name, keyword, number, string and comment, in the order of the text. */
export function semanticTokensOf({ names, text }: Analysis): SemanticToken[] {
  const tokens = new Map<number, SemanticToken>()
  for (const { span, definition, defines } of names.occurrences) {
    if (tokens.has(span.start) || span.end <= span.start) continue
    const builtIn = definition.span ? [] : (['defaultLibrary'] as const)
    const modifiers = defines ? (['declaration', ...builtIn] as const) : builtIn
    const property = definition.kind === 'binding' && text[span.start - 1] === '.'
    tokens.set(span.start, {
      start: span.start,
      end: span.end,
      kind: property ? 'property' : kindOf[definition.kind],
      modifiers,
    })
  }
  const { tokens: words, groups } = lexer.tokenize(text)
  for (const token of [...words, ...(groups.comments ?? [])]) {
    const kind = plainKind(token.tokenType)
    const { startOffset: start, image } = token
    if (!kind || tokens.has(start)) continue
    const within = kind === 'string' && image.includes('{') ? [...tokens.values()] : []
    for (const part of partsAround(within, start, start + image.length))
      tokens.set(part.start, { ...part, kind, modifiers: [] })
  }
  return [...tokens.values()].sort((a, b) => a.start - b.start)
}

/** Returns the parts of a range outside the tokens in it: names of rounds contain other names. */
function partsAround(tokens: readonly Range[], start: number, end: number): Range[] {
  const within = tokens.filter((token) => start < token.start && token.end <= end).sort((a, b) => a.start - b.start)
  const starts = [start, ...within.map((token) => token.end)]
  const ends = [...within.map((token) => token.start), end]
  return starts.flatMap((from, index) => {
    const to = elementAt(ends, index)
    return from < to ? [{ start: from, end: to }] : []
  })
}

/** Derived from the first part of the token's TextMate scope. */
function plainKind(token: TokenType): SemanticToken['kind'] | undefined {
  if (token === NumberLiteral) return 'number'
  const scope = scopeOf.get(token)
  if (scope?.startsWith('keyword.') && !scope.startsWith('keyword.control')) return 'operator'
  return kindOfScope.get(scope?.split('.')[0])
}

const kindOfScope: ReadonlyMap<string | undefined, SemanticToken['kind']> = new Map([
  ['comment', 'comment'],
  ['string', 'string'],
  ['constant', 'keyword'],
  ['storage', 'keyword'],
  ['keyword', 'keyword'],
])

const kindOf: Readonly<Record<Definition['kind'], SemanticToken['kind']>> = {
  operation: 'function',
  function: 'function',
  setting: 'function',
  block: 'function',
  model: 'class',
  branch: 'namespace',
  input: 'parameter',
  parameter: 'parameter',
  argument: 'parameter',
  round: 'variable',
  binding: 'variable',
  word: 'enumMember',
  training: 'keyword',
}
