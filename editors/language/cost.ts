import type { Graph, Node } from '../../compiler/graph/graph.js'
import { multiplyAddsOf } from '../../compiler/graph/measure.js'
import { counted } from './numbers.js'

/** What some nodes have of weights, shared ones once, and do for one picture; undefined for neither. */
export function costText(graph: Graph, nodes: readonly Node[]): string | undefined {
  const names = new Set(nodes.flatMap(({ parameters }) => Object.values(parameters)))
  let parameters = 0
  for (const name of names)
    parameters += graph.parameters.get(name)?.shape.reduce((product, size) => product * size, 1) ?? 0
  const work = nodes.reduce((sum, node) => sum + multiplyAddsOf(graph, node), 0)
  if (parameters === 0 && work === 0) return undefined
  return `${counted(parameters)} parameters, ${counted(work)} multiply-adds for one picture`
}
