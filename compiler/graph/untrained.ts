import { reachedByGradient } from './gradient.js'
import type { Graph, Parameter, ValueRef } from './graph.js'
import { reachable } from './prune.js'

/**
 * Weights that no loss can move: every way from them to a loss passes a place where gradients stop (a crop's guide, `detach`).
 * Weights that none of `roots` needs are not a part of the model, and so not meant.
 */
export function untrained(graph: Graph, roots: readonly ValueRef[]): Parameter[] {
  if (graph.losses.length === 0) return []
  const losses = graph.losses.map(({ value }) => value)
  const reached = reachedByGradient(graph, losses)
  const needed = new Set<string>()
  for (const id of reachable(graph.nodes, roots))
    for (const name of Object.values(graph.nodes[id]?.parameters ?? {})) needed.add(name)
  return [...graph.parameters.values()].filter(
    ({ name, trainable }) => trainable && needed.has(name) && !reached.has(name),
  )
}
