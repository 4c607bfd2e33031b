import { reachedByGradient } from './gradient.js'
import type { Graph, Node, Parameter } from './graph.js'

/**
 * Weights that no loss can move: every way from them to a loss passes a place where gradients stop (a crop's guide, `detach`).
 * Weights of other nodes than the `needed` ones are not a part of the model, and so not meant.
 */
export function untrained(graph: Graph, needed: readonly Node[]): Parameter[] {
  if (graph.losses.length === 0) return []
  const losses = graph.losses.map(({ value }) => value)
  const reached = new Set(reachedByGradient(graph, losses))
  const idle = parametersOf(needed.filter((node) => !reached.has(node)))
  if (idle.size === 0) return []
  // Other nodes may share them.
  const trained = parametersOf(reached)
  return [...graph.parameters.values()].filter(
    ({ name, trainable }) => trainable && idle.has(name) && !trained.has(name),
  )
}

function parametersOf(nodes: Iterable<Node>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { parameters } of nodes) for (const name of Object.values(parameters)) names.add(name)
  return names
}
