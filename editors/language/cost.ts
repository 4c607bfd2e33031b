import type { Graph, Node } from '../../compiler/graph/graph.js'
import { type Measures, measureNodes } from '../../compiler/graph/measure.js'

/** Returns the number of weights and multiply-adds per image of some nodes; undefined if they have neither. */
export function costText(graph: Graph, nodes: readonly Node[]): string | undefined {
  const measures = measureNodes(graph, nodes)
  return measures.parameters === 0 && measures.multiplyAdds === 0 ? undefined : measuresText(measures)
}

export function measuresText({ parameters, multiplyAdds }: Measures): string {
  return `${counted(parameters)} parameters, ${counted(multiplyAdds)} multiply-adds for one image`
}

/** Formats a count as `27.3 million`. */
function counted(count: number): string {
  for (const [size, word] of [
    [1e9, ' billion'],
    [1e6, ' million'],
    [1e3, ' thousand'],
  ] as const)
    if (count >= size) return `${Number((count / size).toPrecision(3))}${word}`
  return String(count)
}
