import type { Graph, Node, Phase, TensorType, ValueRef } from '../../../compiler/graph/graph.js'
import { typeOf } from '../../../compiler/graph/graph.js'
import { operationNamed } from '../../../compiler/ops/index.js'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import type { Random } from '../../../compiler/random.js'
import { ReferenceEvaluation } from '../../support/reference.js'

export type Tensors = ReadonlyMap<string, Tensor>

export interface ReferenceInputs {
  /** By name, in the shapes of checkpoints. */
  readonly parameters: Tensors
  /** [batch, 3, size, size]. */
  readonly image: Tensor
  /** [batch]. */
  readonly label: Tensor
  /** The values of the other label inputs, by name. */
  readonly others: ReadonlyMap<string, Tensor>
  readonly key: readonly (string | number)[]
}

export interface ReferenceOptions {
  /** Perturbs every operand by the size of a rounding error. */
  readonly rounding?: { readonly random: Random; readonly size: number }
  /** An evaluation whose values replace those behind a stopped gradient, for difference quotients. */
  readonly stopped?: ReferenceResult
}

export interface ReferenceResult {
  readonly values: ReadonlyMap<number, readonly Tensor[]>
  /** Statistics and centres after the step, by parameter name. */
  readonly updates: Tensors
  /** Operations that drew random numbers. */
  readonly drawing: number
}

/** The largest finite number of single precision; larger ones become infinite there, such as e^100. */
export const largestSingle = (2 - 2 ** -23) * 2 ** 127

/** The smallest normal number of single precision; smaller ones lose digits or become 0. */
const smallestSingle = 2 ** -126

function inSingleRange(value: number): number {
  const size = Math.abs(value)
  if (size > largestSingle) return Math.sign(value) * Number.POSITIVE_INFINITY
  return size < smallestSingle ? 0 : value
}

/** Evaluates a whole graph, settled for one phase, by its operations' plain references in double precision. */
export function evaluateGraph(
  graph: Graph,
  phase: Phase,
  inputs: ReferenceInputs,
  { rounding, stopped }: ReferenceOptions = {},
): ReferenceResult {
  const values = new Map<number, readonly Tensor[]>()
  const updates = new Map<string, Tensor>()
  let drawing = 0
  // Rounding errors of a sum grow with the square root of the number of terms, as a random walk.
  const roundedSum = (value: number, terms: number) =>
    rounding === undefined ? value : value * (1 + Math.sqrt(terms) * rounding.size * rounding.random.uniform(-1, 1))
  const rounded = (tensor: Tensor): Tensor =>
    rounding === undefined
      ? tensor
      : { shape: tensor.shape, data: tensor.data.map((value) => inSingleRange(roundedSum(value, 1))) }
  const valueAt = (from: ReadonlyMap<number, readonly Tensor[]>, { node, output }: ValueRef): Tensor => {
    const value = from.get(node)?.[output]
    if (!value) throw new Error(`node ${node} has no value ${output}`)
    return value
  }
  values.set(graph.image.value.node, [inputs.image])
  for (const { name, value } of graph.labels) {
    const tensor = name === graph.label?.name ? inputs.label : inputs.others.get(name)
    if (!tensor) throw new Error(`no input ${name}`)
    values.set(value.node, [tensor])
  }
  for (const node of graph.nodes) {
    if (values.has(node.id)) continue
    const operation = operationNamed(node.operation)
    const tensors = new Map<string, Tensor[]>()
    const types = new Map<string, TensorType[]>()
    for (const { argument, value } of node.inputs) {
      const held = operation.semantics?.stopsGradient?.includes(argument) ? stopped?.values : undefined
      const type = typeOf(graph, value)
      const given = valueAt(held ?? values, value)
      tensors.set(argument, [...(tensors.get(argument) ?? []), type.element === 'label' ? given : rounded(given)])
      types.set(argument, [...(types.get(argument) ?? []), type])
    }
    const call = new CountingEvaluation({
      operation,
      types,
      attributes: node.attributes,
      tensors,
      // Two passes over one batch norm move its statistics twice.
      parameters: parametersOf(node, (name) => updates.get(name) ?? inputs.parameters.get(name), rounded),
      phase,
      key: inputs.key,
      rounded: roundedSum,
    })
    values.set(node.id, call.run())
    drawing += Number(call.streams > 0)
    for (const [role, value] of call.updates) updates.set(node.parameters[role] ?? '', value)
  }
  return { values, updates, drawing }
}

/** A call that knows how many streams of random numbers it asked for. */
class CountingEvaluation extends ReferenceEvaluation {
  streams = 0

  override random(): () => number {
    this.streams++
    return super.random()
  }
}

function parametersOf(
  node: Node,
  find: (name: string) => Tensor | undefined,
  rounded: (tensor: Tensor) => Tensor,
): ReadonlyMap<string, Tensor> {
  return new Map(
    Object.entries(node.parameters).map(([role, name]) => {
      const value = find(name)
      if (!value) throw new Error(`no parameter ${name}`)
      return [role, rounded(value)]
    }),
  )
}
