import { operations } from '../ops/index.js'
import type { Graph, ValueRef } from './graph.js'

/** Parameters that a gradient reaches from these values, by every way on which no gradient stops. */
export function reachedByGradient({ nodes }: Pick<Graph, 'nodes'>, values: readonly ValueRef[]): Set<string> {
  const reached = new Set<string>()
  const seen = new Set<number>()
  const open = [...values]
  for (let value = open.pop(); value; value = open.pop()) {
    const node = nodes[value.node]
    if (!node || seen.has(node.id)) continue
    seen.add(node.id)
    for (const name of Object.values(node.parameters)) reached.add(name)
    const stops = operations.get(node.operation)?.stopsGradient ?? []
    for (const input of node.inputs) if (!stops.includes(input.argument)) open.push(input.value)
  }
  return reached
}
