import onnxProto, { type onnx } from 'onnx-proto'
import type { OnnxAttribute, OnnxBody, OnnxElement } from './body.js'

const proto = onnxProto.onnx

export const elementCodes: Readonly<Record<OnnxElement, number>> = { float: 1, uint8: 2, int64: 7, bool: 9 }

/** Nodes and constants of an ONNX graph as it grows. */
export class OnnxGraphBuilder {
  readonly nodes: onnx.INodeProto[] = []
  readonly constants: onnx.ITensorProto[] = []
  private readonly constantNames = new Map<string, string>()

  /** Adds a node whose outputs are called `outputs`; the node itself carries the first one's name. */
  add(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push(nodeOf(operator, inputs, outputs, attributes))
  }

  floats(values: number | readonly number[], shape?: readonly number[]): string {
    return this.constant('float', values, shape, (list) => bytesOf(Float32Array.from(list)))
  }

  integers(values: number | readonly number[], shape?: readonly number[]): string {
    return this.constant('int64', values, shape, (list) => bytesOf(BigInt64Array.from(list, BigInt)))
  }

  booleans(values: boolean | readonly boolean[], shape?: readonly number[]): string {
    const numbers = typeof values === 'boolean' ? Number(values) : values.map(Number)
    return this.constant('bool', numbers, shape, (list) => Uint8Array.from(list))
  }

  /** Small constants are stored once, however often they are asked for. */
  private constant(
    element: OnnxElement,
    values: number | readonly number[],
    shape: readonly number[] | undefined,
    encode: (list: readonly number[]) => Uint8Array,
  ): string {
    const list = typeof values === 'number' ? [values] : values
    const dims = shape ?? (typeof values === 'number' ? [] : [list.length])
    const key = `${element}[${dims.join()}]${list.join()}`
    const known = this.constantNames.get(key)
    if (known) return known
    const text = list.length <= 4 ? list.join('_') : `${this.constants.length}`
    const name = `constant/${element}_${dims.length === 0 ? '' : `${dims.join('x')}_`}${text}`
    this.constantNames.set(key, name)
    this.constants.push({ name, dims: [...dims], dataType: elementCodes[element], rawData: encode(list) })
    return name
  }

  body(prefix: string, build: (body: OnnxBody) => void): OnnxAttribute {
    const body = new BodyBuilder(prefix)
    build(body)
    return { graph: body.finish() }
  }

  /** Gives a value its name in the interface, everywhere it is used. */
  rename(from: string, to: string): void {
    for (const node of this.nodes) renameIn(node, from, to)
  }
}

class BodyBuilder implements OnnxBody {
  private readonly nodes: onnx.INodeProto[] = []
  private readonly inputs: onnx.IValueInfoProto[] = []
  private readonly outputs: onnx.IValueInfoProto[] = []

  constructor(private readonly prefix: string) {}

  input(name: string, element: OnnxElement, shape: readonly (number | string)[]): string {
    const full = `${this.prefix}/${name}`
    this.inputs.push(valueInfo(full, element, shape))
    return full
  }

  output(name: string, element: OnnxElement, shape: readonly (number | string)[]): void {
    this.outputs.push(valueInfo(name, element, shape))
  }

  add(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const full = `${this.prefix}/${output}`
    this.nodes.push(nodeOf(operator, inputs, [full], attributes))
    return full
  }

  finish(): onnx.IGraphProto {
    return { name: this.prefix, node: this.nodes, input: this.inputs, output: this.outputs }
  }
}

export function valueInfo(
  name: string,
  element: OnnxElement,
  shape: readonly (number | string)[],
): onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: elementCodes[element], shape: { dim } } } }
}

function nodeOf(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
): onnx.INodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value))
  return { opType: operator, name: outputs[0] ?? operator, input: [...inputs], output: [...outputs], attribute }
}

function attributeOf(name: string, value: OnnxAttribute): onnx.IAttributeProto {
  const types = proto.AttributeProto.AttributeType
  if (typeof value === 'number') return { name, type: types.INT, i: value }
  if (typeof value === 'string') return { name, type: types.STRING, s: new TextEncoder().encode(value) }
  if ('float' in value) return { name, type: types.FLOAT, f: value.float }
  if ('floats' in value) return { name, type: types.FLOATS, floats: [...value.floats] }
  if ('graph' in value) return { name, type: types.GRAPH, g: value.graph }
  return { name, type: types.INTS, ints: [...value] }
}

function renameIn(node: onnx.INodeProto, from: string, to: string): void {
  const change = (names: string[] | null | undefined) => names?.map((name) => (name === from ? to : name)) ?? []
  if (node.output?.[0] === from) node.name = to
  node.input = change(node.input)
  node.output = change(node.output)
  for (const attribute of node.attribute ?? []) for (const inner of attribute.g?.node ?? []) renameIn(inner, from, to)
}

/** The values' bytes, little-endian as ONNX stores them; every machine that runs JavaScript engines today is. */
export function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
