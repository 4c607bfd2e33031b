import type { Graph } from '../../graph/graph.js'
import type { OnnxNode } from './program.js'

/** What a node's doc string says: the line of the spec that it stands for, with its place. */
export function describer(
  graph: Graph,
  texts: Readonly<Record<string, string>>,
): (node: OnnxNode) => string | undefined {
  const starts = new Map(Object.entries(texts).map(([source, text]) => [source, lineStarts(text)]))
  return ({ origin }) => {
    const span = origin === undefined ? undefined : graph.nodes[origin]?.span
    const lines = span && starts.get(span.source)
    if (!span || !lines) return undefined
    const line = lineAt(lines, span.start)
    const text = (texts[span.source] ?? '').slice(lines[line], (lines[line + 1] ?? Number.POSITIVE_INFINITY) - 1)
    // Half of a pair of surrogates has no code in UTF-8, and a file that holds one is not read again.
    return `${span.source}:${line + 1}: ${text.trim()}`.replace(/\p{Cs}/gu, '\ufffd')
  }
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}

/** The last line that begins at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
