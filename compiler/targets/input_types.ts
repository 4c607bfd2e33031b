import { type Graph, type Node, type TensorType, typeOf } from '../graph/graph.js'

/** Returns the types of a node's operands by argument. */
export function inputTypes(node: Node, graph: Pick<Graph, 'nodes'>): ReadonlyMap<string, readonly TensorType[]> {
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  return types
}
