import { type Graph, type Node, type TensorType, typeOf, type ValueRef } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import type { ValueProperty } from '../ops/operation.js'
import { TypedCall } from '../ops/support/typed.js'

/** Returns the node that produced a property of the value, through operations that preserve it; undefined if the value lacks it. */
export function producerOf(graph: Graph, value: ValueRef, property: ValueProperty): Node | undefined {
  const node = graph.nodes[value.node]
  const operation = node && operations.get(node.operation)
  if (!operation) return undefined
  if (operation.semantics?.produces?.(typed(graph, node)) === property) return node
  if (!operation.semantics?.preserves?.includes(property)) return undefined
  const producers = node.inputs.map((input) => producerOf(graph, input.value, property))
  return producers.every((producer) => producer !== undefined) ? producers[0] : undefined
}

function typed(graph: Graph, node: Node): TypedCall {
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  return new TypedCall(node.operation, types, node.attributes, 'inference')
}
