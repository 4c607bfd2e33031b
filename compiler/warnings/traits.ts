import { type Graph, type Node, type TensorType, typeOf, type ValueRef } from '../graph/graph.js'
import { operations } from '../ops/index.js'
import type { Trait } from '../ops/operation.js'
import { TypedCall } from '../ops/support/typed.js'

/** The node that gave a value its trait, by way of operations that keep it; undefined when it has none. */
export function giverOf(graph: Graph, value: ValueRef, trait: Trait): Node | undefined {
  const node = graph.nodes[value.node]
  const operation = node && operations.get(node.operation)
  if (!operation) return undefined
  if (operation.gives?.(typed(graph, node)) === trait) return node
  if (!operation.keeps?.includes(trait)) return undefined
  const givers = node.inputs.map((input) => giverOf(graph, input.value, trait))
  return givers.every((giver) => giver !== undefined) ? givers[0] : undefined
}

function typed(graph: Graph, node: Node): TypedCall {
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  return new TypedCall(node.operation, types, node.attributes, 'inference')
}
