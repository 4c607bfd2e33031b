import { present } from '../../grammar/present.js'
import { operationNamed } from '../ops/index.js'
import { elements } from '../ops/support/tensor.js'
import { TypedCall } from '../ops/support/typed.js'
import { type Graph, type Node, type TensorType, typeOf } from './graph.js'
import { specialise } from './phase.js'

export interface Measures {
  /** Weights and statistics of the trained model, shared ones once. */
  readonly parameters: number
  /** For one image through the whole inference graph, both passes of a two-stage model included. */
  readonly multiplyAdds: number
}

export function measure(graph: Graph): Measures {
  const inference = specialise(graph, 'inference')
  return measureNodes(inference, inference.nodes)
}

/** Of some of a graph's nodes. */
export function measureNodes(graph: Pick<Graph, 'nodes' | 'parameters'>, nodes: readonly Node[]): Measures {
  const names = new Set(nodes.flatMap(({ parameters }) => Object.values(parameters)))
  const sizes = [...names].map((name) => elements(present(graph.parameters.get(name), name).shape))
  return {
    parameters: sizes.reduce((sum, size) => sum + size, 0),
    multiplyAdds: nodes.reduce((sum, node) => sum + multiplyAddsOf(graph, node), 0),
  }
}

/** Of one node, for one image. */
function multiplyAddsOf(graph: Pick<Graph, 'nodes'>, node: Node): number {
  if (node.inputs.length === 0) return 0
  const types = new Map<string, TensorType[]>()
  for (const { argument, value } of node.inputs)
    types.set(argument, [...(types.get(argument) ?? []), typeOf(graph, value)])
  const call = new TypedCall(node.operation, types, node.attributes, 'inference')
  return operationNamed(node.operation).typing.multiplyAdds?.(call, node.outputs) ?? 0
}
