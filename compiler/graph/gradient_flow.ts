import { operations } from '../ops/index.js'
import type { Graph, Node, Parameter, ValueRef } from './graph.js'

/** Yields each node that a gradient reaches from these values, through inputs that do not stop gradients. */
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

/**
 * Returns the trainable weights that no loss reaches: every path from them to a loss passes an input that stops gradients (a crop's
 * guide, `detach`). Weights of nodes that are not `needed` are not part of the model, and are left out.
 */
export function weightsWithoutGradient(graph: Graph, needed: readonly Node[]): Parameter[] {
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
