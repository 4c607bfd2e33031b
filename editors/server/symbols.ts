import {
  CompletionItemKind,
  type DocumentSymbol,
  type FoldingRange,
  FoldingRangeKind,
  SemanticTokensBuilder,
  SymbolKind,
} from 'vscode-languageserver/node.js'
import { semanticTokensOf, tokenKinds, tokenModifiers } from '../language/annotations.js'
import type { Completion } from '../language/completion.js'
import { foldsOf, type OutlineItem, outlineOf } from '../language/outline.js'
import type { Analysis } from '../language/workspace.js'
import type { Places } from './places.js'

const symbolKinds: Readonly<Record<OutlineItem['kind'], SymbolKind>> = {
  block: SymbolKind.Function,
  model: SymbolKind.Class,
  input: SymbolKind.Field,
  branch: SymbolKind.Namespace,
  binding: SymbolKind.Variable,
  part: SymbolKind.Object,
}

export const completionKinds: Readonly<Record<Completion['kind'], CompletionItemKind>> = {
  operation: CompletionItemKind.Function,
  function: CompletionItemKind.Function,
  setting: CompletionItemKind.Function,
  block: CompletionItemKind.Method,
  argument: CompletionItemKind.Property,
  word: CompletionItemKind.EnumMember,
  training: CompletionItemKind.Keyword,
  model: CompletionItemKind.Class,
  branch: CompletionItemKind.Module,
  input: CompletionItemKind.Variable,
  parameter: CompletionItemKind.Variable,
  binding: CompletionItemKind.Variable,
  round: CompletionItemKind.Variable,
  keyword: CompletionItemKind.Keyword,
  file: CompletionItemKind.File,
}

export function protocolSymbols({ file, text }: Analysis, places: Places): DocumentSymbol[] {
  const one = ({ name, kind, range, selection, children }: OutlineItem): DocumentSymbol => ({
    name,
    kind: symbolKinds[kind],
    range: places.range(text, range),
    selectionRange: places.range(text, selection),
    children: children.map(one),
  })
  return outlineOf(file).map(one)
}

export function protocolFolds({ text }: Analysis, places: Places): FoldingRange[] {
  return foldsOf(text).flatMap(({ start, end, comment }) => {
    const [startLine, endLine] = [places.position(text, start).line, places.position(text, end).line]
    // The closing brace stays visible.
    const last = comment ? endLine : endLine - 1
    return last > startLine ? [{ startLine, endLine: last, ...(comment && { kind: FoldingRangeKind.Comment }) }] : []
  })
}

export const legend = { tokenTypes: [...tokenKinds], tokenModifiers: [...tokenModifiers] }

export function protocolTokens(analysis: Analysis, places: Places): number[] {
  const builder = new SemanticTokensBuilder()
  for (const { start, end, kind, modifiers } of semanticTokensOf(analysis)) {
    const { line, character } = places.position(analysis.text, start)
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0)
    builder.push(line, character, end - start, tokenKinds.indexOf(kind), bits)
  }
  return builder.build().data
}
