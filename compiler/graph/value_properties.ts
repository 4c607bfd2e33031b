import { operations } from '../ops/index.js'
import type { ValueProperty } from '../ops/operation.js'
import { TypedCall } from '../ops/support/typed.js'
import { type Graph, type Node, type TensorType, typeOf, type ValueRef } from './graph.js'

/** Returns the node that produced a property of the value, through operations that preserve it; undefined if the value lacks it. */
export function producerOf(graph: Pick<Graph, 'nodes'>, value: ValueRef, property: ValueProperty): Node | undefined {
  const node = graph.nodes[value.node]
  const operation = node && operations.get(node.operation)
  if (!operation) return undefined
  if (produces(graph, node, property)) return node
  if (!operation.semantics?.preserves?.includes(property)) return undefined
  const producers = node.inputs.map((input) => producerOf(graph, input.value, property))
  return producers.every((producer) => producer !== undefined) ? producers[0] : undefined
}

/** Whether the output of a node has a property, whatever its operands are. */
export function produces(graph: Pick<Graph, 'nodes'>, node: Node, property: ValueProperty): boolean {
  return operations.get(node.operation)?.semantics?.produces?.(typed(graph, node)) === property
}

function typed(graph: Pick<Graph, 'nodes'>, node: Node): TypedCall {
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  return new TypedCall(node.operation, types, node.attributes, 'inference')
}
