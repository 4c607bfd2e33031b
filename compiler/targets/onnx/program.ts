import { elementAt } from '../../../grammar/present.js'
/** Attributes by the type ONNX gives them. JavaScript does not distinguish integers and floats, so floats are marked. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly element: OnnxElement }
  | { readonly graph: OnnxSubgraph }
  | { readonly tensor: OnnxConstant }

export type OnnxElement = 'float' | 'float16' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool'

/** A named tensor without values. A dimension is a number, or the symbol of one that is free. */
export interface OnnxValue {
  readonly name: string
  readonly element: OnnxElement
  readonly shape: readonly (number | string)[]
  /** For images: the meaning of each axis (docs/TypeDenotation.md and docs/DimensionDenotation.md of the ONNX repository). */
  readonly axes?: readonly ('DATA_BATCH' | 'DATA_CHANNEL' | 'DATA_FEATURE')[]
}

/** Inside a body a value may leave its type to be inferred. */
export type OnnxInnerValue = OnnxValue | { readonly name: string }

export interface OnnxNode {
  readonly operator: string
  /** Of a function of the file itself; absent for standard operators. */
  readonly domain?: string
  readonly name: string
  /** An empty name is an input that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
  /** The node of our graph that it was lowered from; absent for preprocessing. */
  readonly origin?: number
  /** The image step that it was written for. */
  readonly step?: OnnxStepSource
}

/** An image step, and the prefix of its nodes' names. */
export interface OnnxStepSource {
  readonly name: string
  readonly path: string
}

/** The body of a Loop or a branch of an If. It can use values of the outer graph by name. */
export interface OnnxSubgraph {
  readonly name: string
  readonly inputs: readonly OnnxInnerValue[]
  readonly outputs: readonly OnnxInnerValue[]
  readonly nodes: readonly OnnxNode[]
}

/** A small tensor with values known at compile time: sizes, thresholds, sampling steps. */
export interface OnnxConstant {
  readonly name: string
  readonly element: OnnxElement
  readonly shape: readonly number[]
  readonly values: readonly number[]
  /** The node of our graph and the argument whose value it is, for one that may be changed in the finished program. */
  readonly holds?: { readonly origin: number; readonly argument: string }
}

export type WeightValues = Float32Array | Uint16Array | Int8Array | Uint8Array | Int32Array

/** A tensor of a checkpoint, or one made from such. Its values are read when they are written, one tensor at a time. */
export interface OnnxWeight {
  readonly name: string
  readonly element: OnnxElement
  readonly shape: readonly number[]
  read(): Promise<WeightValues>
}

/** A function of the file itself: a block or an operation that a node calls by its name. */
export interface OnnxFunction {
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly nodes: readonly OnnxNode[]
  readonly text: string
}

/** The contents of a file before encoding. Nodes are in topological order. */
export interface OnnxProgram {
  readonly name: string
  readonly opset: number
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly nodes: readonly OnnxNode[]
  readonly constants: ReadonlyMap<string, OnnxConstant>
  readonly weights: ReadonlyMap<string, OnnxWeight>
  /** Names of values that have the images along their first axis. Passes may add others and remove some. */
  readonly images?: ReadonlySet<string>
  /** Shapes of the model's own values, by name. Those of values that a pass removed may remain. */
  readonly shapes?: ReadonlyMap<string, readonly (number | string)[]>
  readonly functions?: readonly OnnxFunction[]
  /** Types and shapes of values between inputs and outputs, for a program whose nodes do not tell them because they call functions. */
  readonly values?: readonly OnnxValue[]
}

/** Returns the names that a node uses: its inputs, and the outer values in its bodies. */
export function usesOf(node: OnnxNode): string[] {
  const named = node.inputs.filter((name) => name !== '')
  for (const body of bodiesOf(node)) named.push(...capturedBy(body))
  return named
}

/** Most nodes have none. */
const noBodies: readonly OnnxSubgraph[] = []

export function bodiesOf({ attributes }: OnnxNode): readonly OnnxSubgraph[] {
  let bodies: OnnxSubgraph[] | undefined
  for (const value of Object.values(attributes)) {
    if (typeof value !== 'object' || !('graph' in value)) continue
    bodies ??= []
    bodies.push(value.graph)
  }
  return bodies ?? noBodies
}

function capturedBy({ inputs, outputs, nodes }: OnnxSubgraph): string[] {
  const own = new Set([...inputs.map(({ name }) => name), ...nodes.flatMap((node) => node.outputs)])
  return [...nodes.flatMap(usesOf), ...outputs.map(({ name }) => name)].filter((name) => !own.has(name))
}

/** The name of a node's input; empty when it is left out. */
export function inputOf({ inputs }: OnnxNode, index: number): string {
  return inputs[index] ?? ''
}

/** The name of a node's first output: every node has one. */
export function outputOf({ outputs }: OnnxNode): string {
  return elementAt(outputs, 0)
}

/** Returns a function that gives the nodes that use a value. */
export function consumersOf(nodes: readonly OnnxNode[]): (value: string) => readonly OnnxNode[] {
  const consumers = new Map<string, OnnxNode[]>()
  for (const node of nodes)
    for (const name of new Set(usesOf(node))) {
      const known = consumers.get(name)
      if (known) known.push(node)
      else consumers.set(name, [node])
    }
  return (value) => consumers.get(value) ?? []
}

/**
 * Returns the node with its inputs renamed, those of its bodies as well. A node without bodies whose inputs keep their names is returned as it is.
 */
export function withInputs(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const inputs = node.inputs.map(rename)
  const moved = inputs.some((name, index) => name !== node.inputs[index]) ? { ...node, inputs } : node
  return withBodies(moved, (body) => ({
    ...body,
    nodes: body.nodes.map((inner) => withInputs(inner, rename)),
    outputs: body.outputs.map((output) => ({ ...output, name: rename(output.name) })),
  }))
}

/** Returns the node with renamed inputs, outputs and name, in its bodies as well. */
export function withNames(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const renamed = (value: OnnxInnerValue) => ({ ...value, name: rename(value.name) })
  const outer = {
    ...node,
    name: rename(node.name),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }
  return withBodies(outer, (body) => ({
    name: rename(body.name),
    inputs: body.inputs.map(renamed),
    outputs: body.outputs.map(renamed),
    nodes: body.nodes.map((inner) => withNames(inner, rename)),
  }))
}

/** Returns the node with each of its bodies changed; a node without bodies is returned as it is. */
export function withBodies(node: OnnxNode, change: (body: OnnxSubgraph) => OnnxSubgraph): OnnxNode {
  if (bodiesOf(node).length === 0) return node
  const attributes = Object.entries(node.attributes).map(([key, value]): [string, OnnxAttribute] =>
    typeof value === 'object' && 'graph' in value ? [key, { graph: change(value.graph) }] : [key, value],
  )
  return { ...node, attributes: Object.fromEntries(attributes) }
}

/** Returns the names of the file's interface, which no pass may change. */
export function answerNames({ outputs }: OnnxProgram): Set<string> {
  return new Set(outputs.map(({ name }) => name))
}

/** The program with another value for the constant that holds an argument of a node of our graph. */
export function withSetting(program: OnnxProgram, origin: number, argument: string, value: number): OnnxProgram {
  const constants = new Map(program.constants)
  for (const constant of program.constants.values())
    if (constant.holds?.origin === origin && constant.holds.argument === argument)
      constants.set(constant.name, { ...constant, values: [value] })
  return { ...program, constants }
}

/** Leaves out nodes, constants and weights that no output needs. */
export function withoutUnused(program: OnnxProgram): OnnxProgram {
  const needed = answerNames(program)
  const nodes: OnnxNode[] = []
  for (const node of program.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue
    nodes.push(node)
    for (const name of usesOf(node)) needed.add(name)
  }
  const used = <T>(tensors: ReadonlyMap<string, T>) => {
    const kept = new Map<string, T>()
    for (const [name, tensor] of tensors) if (needed.has(name)) kept.set(name, tensor)
    return kept
  }
  return { ...program, nodes: nodes.reverse(), constants: used(program.constants), weights: used(program.weights) }
}
