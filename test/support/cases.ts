import {
  type Attribute,
  type Graph,
  type Node,
  type Phase,
  settle,
  type TensorType,
} from '../../compiler/graph/graph.js'
import type { Inference, ParameterSpec } from '../../compiler/ops/call.js'
import type { Operation } from '../../compiler/ops/operation.js'
import type { Case, CaseInput } from '../../compiler/ops/support/case.js'
import { elements, type Tensor, tensor } from '../../compiler/ops/support/tensor.js'
import { TypedCall } from '../../compiler/ops/support/typed.js'
import { keyOf, Random } from '../../compiler/random.js'

/** A case made concrete: types, values, parameters, and the graph of that one call. */
export interface ReadyCase {
  readonly operation: Operation
  readonly name: string
  readonly phase: Phase
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly types: ReadonlyMap<string, readonly TensorType[]>
  readonly tensors: ReadonlyMap<string, readonly Tensor[]>
  readonly parameterSpecs: readonly ParameterSpec[]
  readonly parameters: ReadonlyMap<string, Tensor>
  readonly outputs: readonly TensorType[]
  readonly node: Node
  readonly graph: Graph
  /** The inputs in the order of the graph's first nodes. */
  readonly inputs: readonly { readonly argument: string; readonly type: TensorType; readonly value: Tensor }[]
}

class CaseInference extends TypedCall implements Inference {
  fail(code: string): undefined {
    throw new Error(`the case does not fit its operation: ${code}`)
  }
}

export function ready(operation: Operation, { name, inputs, arguments: given = {}, phase: asked }: Case): ReadyCase {
  const phase: Phase = asked ?? 'inference'
  const listed = Object.entries(inputs).flatMap(([argument, one]) =>
    (Array.isArray(one) ? (one as readonly CaseInput[]) : [one as CaseInput]).map((input, index) => ({
      argument,
      type: typeOf(input),
      value: valuesOf(input, `${operation.name} ${name} ${argument} ${index}`),
    })),
  )
  const group = <T>(pick: (item: (typeof listed)[number]) => T) => {
    const map = new Map<string, T[]>()
    for (const item of listed) map.set(item.argument, [...(map.get(item.argument) ?? []), pick(item)])
    return map
  }
  const defaults = operation.arguments.flatMap(({ name: argument, default: standard }) =>
    standard === undefined || standard === null ? [] : [[argument, standard] as const],
  )
  const attributes: Record<string, Attribute> = { ...Object.fromEntries(defaults), ...given }
  const types = group(({ type }) => type)
  const call = new CaseInference(operation.name, types, attributes)
  const outputs = operation.typing.infer(call)
  if (!outputs) throw new Error(`${operation.name}, ${name}: no output types`)
  const parameterSpecs = operation.typing.parameters?.(call) ?? []
  const parameters = new Map(
    parameterSpecs.map((spec) => [spec.role, parameterValues(spec, `${operation.name} ${name}`)]),
  )
  const span = { source: 'case', start: 0, end: 0 }
  const inputNodes = listed.map(
    ({ type, argument }, id): Node => ({
      id,
      operation: 'input',
      path: [`${argument}_${id}`],
      inputs: [],
      attributes: {},
      parameters: {},
      outputs: [type],
      frame: 0,
      span,
    }),
  )
  const node: Node = {
    id: inputNodes.length,
    operation: operation.name,
    path: ['call'],
    inputs: listed.map(({ argument }, id) => ({ argument, value: { node: id, output: 0 } })),
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, settle(value, phase)])),
    parameters: Object.fromEntries(parameterSpecs.map(({ role }) => [role, caseParameter(role)])),
    outputs,
    frame: 0,
    span,
  }
  const graph = { nodes: [...inputNodes, node], predictions: [], logits: [], crops: [], early: [] } as unknown as Graph
  return {
    operation,
    name,
    phase,
    attributes,
    types,
    tensors: group(({ value }) => value),
    parameterSpecs,
    parameters,
    outputs,
    node,
    graph,
    inputs: listed,
  }
}

function typeOf({ shape, fill, axes, shared }: CaseInput): TensorType {
  const dimensions = shape.map((size, index) =>
    index === 0
      ? { name: 'batch', size: shared ? 1 : undefined }
      : { name: axes?.[index - 1] ?? mapAxes(shape)[index - 1] ?? `d${index}`, size },
  )
  return typeof fill === 'object' && 'labels' in fill
    ? { element: 'label', shape: dimensions, classes: fill.classes }
    : { element: 'float', shape: dimensions }
}

/** The name of a parameter of the call; without a role it has the call's own. */
export function caseParameter(role: string): string {
  return role === '' ? 'call' : `call.${role}`
}

const mapAxes = ({ length }: readonly number[]) => (length === 4 ? ['channels', 'height', 'width'] : [])

function valuesOf({ shape, fill }: CaseInput, key: string): Tensor {
  if (typeof fill === 'object') return tensor(shape, 'labels' in fill ? fill.labels : fill.values.map(Math.fround))
  const random = new Random(keyOf(key))
  const one = { zeros: () => 0, ones: () => 1, positive: () => random.uniform(), random: () => random.uniform(-1, 1) }[
    fill
  ]
  return tensor(
    shape,
    Array.from({ length: elements(shape) }, () => Math.fround(one())),
  )
}

function parameterValues({ role, shape, trainable }: ParameterSpec, key: string): Tensor {
  const random = new Random(keyOf(key, role))
  const positive = role === 'running_var'
  return tensor(
    shape,
    Array.from({ length: elements(shape) }, () =>
      Math.fround(random.uniform(positive ? 0.5 : -1, trainable || positive ? 1.5 : 1)),
    ),
  )
}
