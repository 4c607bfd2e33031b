import type { Named } from '../../compiler/analysis/names.js'
import { describe, type Value } from '../../compiler/analysis/values.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { multiplyAddsOf } from '../../compiler/graph/measure.js'
import type { Range } from './cursor.js'
import { code, commentAbove, documentation, shortly } from './describe.js'
import { occurrenceAt } from './lookup.js'
import { counted } from './numbers.js'
import type { Analysis, Workspace } from './workspace.js'

export interface Hover {
  readonly range: Range
  /** Markdown. */
  readonly text: string
}

/** What there is to say of the thing at a place: what it is worth, what it costs, what it computes. */
export function hoverAt(workspace: Workspace, analysis: Analysis, offset: number): Hover | undefined {
  const { names, facts } = analysis
  const occurrence = occurrenceAt(names, offset)
  if (!occurrence) return undefined
  const { span, named } = occurrence
  const own = named.definition?.source === analysis.source ? facts.nameAt(named.definition.start) : undefined
  const value = named.kind === 'argument' ? undefined : (facts.valueEndingAt(span.end) ?? own?.value)
  const parts = [
    heading(named, value),
    own && analysis.whole ? cost(analysis.whole, own.first, own.end) : undefined,
    documentation(named, (source) => analysis.texts.get(source)),
    written(workspace, analysis, named),
  ]
  const text = parts.filter((part) => part !== undefined).join('\n\n')
  return text === '' ? undefined : { range: span, text }
}

function heading(
  { kind, name, operation, setting, argument, block }: Named,
  value: Value | undefined,
): string | undefined {
  if (operation || setting || argument || block || ['operation', 'word', 'argument', 'training'].includes(kind))
    return undefined
  const worth = value && (shortly(value) ?? describe(value))
  return code(`${kind === 'round' ? '' : `${kind} `}${name}${worth ? `: ${worth}` : ''}`)
}

/** What was made for a binding: weights, and multiply-adds for one picture. */
function cost(graph: Graph, first: number, end: number): string | undefined {
  const nodes = graph.nodes.slice(first, end)
  const names = new Set(nodes.flatMap(({ parameters }) => Object.values(parameters)))
  let parameters = 0
  for (const name of names)
    parameters += graph.parameters.get(name)?.shape.reduce((product, size) => product * size, 1) ?? 0
  const work = nodes.reduce((sum, node) => sum + multiplyAddsOf(graph, node), 0)
  if (parameters === 0 && work === 0) return undefined
  return `${counted(parameters)} parameters, ${counted(work)} multiply-adds for one picture`
}

/** The comment above a block or model, wherever it is written. */
function written(workspace: Workspace, analysis: Analysis, { block, definition }: Named): string | undefined {
  if (!block || !definition) return undefined
  const text = analysis.texts.get(definition.source)
  const file =
    definition.source === analysis.source
      ? analysis.file
      : text === undefined
        ? undefined
        : workspace.read(definition.source, text)
  return file && commentAbove(file, block.span.start)
}
