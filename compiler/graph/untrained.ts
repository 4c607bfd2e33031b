import { operations } from '../ops/index.js'
import type { Graph, Parameter, ValueRef } from './graph.js'

/**
 * Weights that no loss can move: every way from them to a loss passes a place where gradients stop (a crop's guide, `detach`).
 * Weights of which a model has no need at all are not in its graph any more.
 */
export function untrained(graph: Graph): Parameter[] {
  if (graph.losses.length === 0) return []
  const reached = new Set<string>()
  const seen = new Set<number>()
  const open: ValueRef[] = graph.losses.map(({ value }) => value)
  for (let value = open.pop(); value; value = open.pop()) {
    const node = graph.nodes[value.node]
    if (!node || seen.has(node.id)) continue
    seen.add(node.id)
    for (const name of Object.values(node.parameters)) reached.add(name)
    const stops = operations.get(node.operation)?.stopsGradient ?? []
    for (const input of node.inputs) if (!stops.includes(input.argument)) open.push(input.value)
  }
  return [...graph.parameters.values()].filter(({ name, trainable }) => trainable && !reached.has(name))
}
