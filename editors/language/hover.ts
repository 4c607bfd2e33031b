import type { Definition } from '../../compiler/analysis/resolved_name.js'
import { describe, type Value } from '../../compiler/analysis/values.js'
import { codes, diagnosticPage } from '../../compiler/diagnostics/page.js'
import { costText } from './cost.js'
import type { Range } from './cursor.js'
import { code, commentAbove, documentation, shortly } from './describe.js'
import { occurrenceAt } from './lookup.js'
import type { Analysis, Workspace } from './workspace.js'

export interface Hover {
  readonly range: Range
  /** Markdown. */
  readonly text: string
}

/** Returns the hover text of a position: its diagnostics, and the symbol. */
export function hoverAt(workspace: Workspace, analysis: Analysis, offset: number): Hover | undefined {
  const thing = ofThing(workspace, analysis, offset)
  const mistakes = analysis.diagnostics.flatMap(({ code, primary: { span } }) =>
    span.source === analysis.source && span.start <= offset && offset <= span.end ? [{ code, span }] : [],
  )
  const range = thing?.range ?? mistakes[0]?.span
  if (!range) return undefined
  const found = new Set(mistakes.map(({ code }) => code))
  const pages = codes().flatMap((code) => (found.has(code) ? [diagnosticPage(code)] : []))
  return { range, text: [...pages, ...(thing ? [thing.text] : [])].join('\n\n---\n\n') }
}

/** Returns the symbol's value, cost and documentation. */
function ofThing(workspace: Workspace, analysis: Analysis, offset: number): Hover | undefined {
  const { names, facts } = analysis
  const occurrence = occurrenceAt(names, offset)
  if (!occurrence) return undefined
  const { span, definition } = occurrence
  const own = definition.span?.source === analysis.source ? facts.nameAt(definition.span.start) : undefined
  const value = definition.kind === 'argument' ? undefined : (facts.valueEndingAt(span.end) ?? own?.value)
  const parts = [
    heading(definition, value),
    own && analysis.whole ? costText(analysis.whole, analysis.whole.nodes.slice(own.first, own.end)) : undefined,
    documentation(definition, (source) => analysis.texts.get(source)),
    written(workspace, analysis, definition),
  ]
  const text = parts.filter((part) => part !== undefined).join('\n\n')
  return text === '' ? undefined : { range: span, text }
}

function heading(
  { kind, name, operation, function: compileTime, setting, argument, block }: Definition,
  value: Value | undefined,
): string | undefined {
  if (
    operation ||
    compileTime ||
    setting ||
    argument ||
    block ||
    ['operation', 'word', 'argument', 'training'].includes(kind)
  )
    return undefined
  const worth = value && (shortly(value) ?? describe(value))
  return code(`${kind === 'round' ? '' : `${kind} `}${name}${worth ? `: ${worth}` : ''}`)
}

/** Returns the comment above a block or model, in whichever file. */
function written(workspace: Workspace, analysis: Analysis, { block, span }: Definition): string | undefined {
  if (!block || !span) return undefined
  const text = analysis.texts.get(span.source)
  const file =
    span.source === analysis.source ? analysis.file : text === undefined ? undefined : workspace.read(span.source, text)
  return file && commentAbove(file, block.span.start)
}
