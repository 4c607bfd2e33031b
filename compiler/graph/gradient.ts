import { operations } from '../ops/index.js'
import type { Graph, Node, ValueRef } from './graph.js'

/** Nodes that a gradient reaches from these values, by every way on which no gradient stops; each once. */
export function* reachedByGradient(
  { nodes }: Pick<Graph, 'nodes'>,
  values: readonly ValueRef[],
): Generator<Node, undefined> {
  const seen = new Uint8Array(nodes.length)
  const open = values.map(({ node }) => node)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = nodes[id]
    if (!node || seen[id] === 1) continue
    seen[id] = 1
    yield node
    const stops = operations.get(node.operation)?.semantics?.stopsGradient
    for (const { argument, value } of node.inputs) if (!stops?.includes(argument)) open.push(value.node)
  }
}
