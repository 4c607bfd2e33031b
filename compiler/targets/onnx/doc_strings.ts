import { Lines } from '../../diagnostics/lines.js'
import type { Graph } from '../../graph/graph.js'
import type { OnnxNode } from './program.js'

/** Returns a node's doc string: the line of the spec that it was written for, with its place. */
export function describer(
  graph: Graph,
  texts: Readonly<Record<string, string>>,
): (node: OnnxNode) => string | undefined {
  const linesBySource = new Map(Object.entries(texts).map(([source, text]) => [source, new Lines(text)]))
  return ({ origin }) => {
    const span = origin === undefined ? undefined : graph.nodes[origin]?.span
    const lines = span && linesBySource.get(span.source)
    if (!span || !lines) return undefined
    const { line } = lines.position(span.start)
    // Half of a pair of surrogates has no code in UTF-8, and a file that holds one is not read again.
    return `${span.source}:${line}: ${lines.line(line).trim()}`.replace(/\p{Cs}/gu, '\ufffd')
  }
}
