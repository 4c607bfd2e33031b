import type { Graph, Node } from '../../compiler/graph/graph.js'
import { type Measures, measureNodes } from '../../compiler/graph/measure.js'
import { counted } from './numbers.js'

/** What some nodes have of weights and do for one picture; undefined for neither. */
export function costText(graph: Graph, nodes: readonly Node[]): string | undefined {
  const measures = measureNodes(graph, nodes)
  return measures.parameters === 0 && measures.multiplyAdds === 0 ? undefined : measuresText(measures)
}

export function measuresText({ parameters, multiplyAdds }: Measures): string {
  return `${counted(parameters)} parameters, ${counted(multiplyAdds)} multiply-adds for one picture`
}
