import onnxProto, { type onnx } from 'onnx-proto'
import { elementAt, present } from '../../../grammar/present.js'
import { toHalf } from './half.js'
import { innerValues } from './inner_values.js'
import { irVersions } from './opsets.js'
import type {
  OnnxAttribute,
  OnnxConstant,
  OnnxElement,
  OnnxFunction,
  OnnxInnerValue,
  OnnxNode,
  OnnxProgram,
  OnnxSubgraph,
  OnnxValue,
  OnnxWeight,
  WeightValues,
} from './program.js'

const proto = onnxProto.onnx

/** A program with the metadata of its file. */
export interface OnnxFile {
  readonly program: OnnxProgram
  readonly producer: string
  readonly version: string
  readonly metadata: Readonly<Record<string, string>>
  /** A node's doc string: the line of the spec that it implements. */
  readonly describe?: (node: OnnxNode) => string | undefined
}

/** The domain of a file's own functions. */
export const functionDomain = 'wsban'

/** TensorProto.DataType of onnx.proto. */
export const elementCodes: Readonly<Record<OnnxElement, number>> = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
}

const elementBytes: Readonly<Record<OnnxElement, number>> = {
  float: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
}

/** Field numbers of onnx.proto, with protobuf's wire type for bytes. */
const bytesField = (number: number) => (number << 3) | 2
const modelGraph = bytesField(7)
const graphInitializer = bytesField(5)
const tensorRawData = bytesField(9)

/** A file as a sequence of chunks, whose length is known before the first weight is read. */
export interface EncodedModel {
  readonly bytes: number
  pieces(): AsyncGenerator<Uint8Array>
}

/**
 * Encodes a model as protobuf. All but the weights is encoded by the library; the bytes of weights are streamed after a hand-written header each, so
 * that only one tensor at a time is in memory. Protobuf allows the fields of a message in any order.
 */
export function encodeModel(file: OnnxFile): EncodedModel {
  const { program, describe = () => undefined } = file
  const { functions = [] } = program
  const head = proto.ModelProto.encode({
    irVersion: present(irVersions.get(program.opset), 'the IR version of the opset'),
    producerName: file.producer,
    producerVersion: file.version,
    opsetImport: [
      { domain: '', version: program.opset },
      ...(functions.length > 0 ? [{ domain: functionDomain, version: 1 }] : []),
    ],
    functions: functions.map((definition) => functionProto(definition, program.opset, describe)),
    metadataProps: Object.entries(file.metadata).map(([key, value]) => ({ key, value })),
  }).finish()
  const graph = proto.GraphProto.encode({
    name: program.name,
    node: program.nodes.map((node) => nodeProto(node, describe)),
    initializer: [...program.constants.values()].map(constantProto),
    input: program.inputs.map(valueProto),
    output: program.outputs.map(valueProto),
    valueInfo: (program.values ?? innerValues(program)).map(valueProto),
  }).finish()
  const weights = [...program.weights.values()].map((weight) => ({ weight, header: weightHeader(weight) }))
  const length = weights.reduce((sum, { weight, header }) => sum + header.length + weightBytes(weight), graph.length)
  const start = Uint8Array.of(modelGraph, ...varint(length))
  return {
    bytes: head.length + start.length + length,
    async *pieces() {
      yield head
      yield start
      yield graph
      for (const { weight, header } of weights) {
        yield header
        yield stored(await weight.read(), weight)
      }
    },
  }
}

function stored(values: WeightValues, weight: OnnxWeight): Uint8Array {
  const bytes =
    weight.element === 'float16' && values instanceof Float32Array ? bytesOf(toHalf(values)) : bytesOf(values)
  if (bytes.length !== weightBytes(weight))
    throw new Error(`${weight.name} has ${bytes.length} bytes instead of ${weightBytes(weight)}`)
  return bytes
}

function weightBytes({ shape, element }: OnnxWeight): number {
  return shape.reduce((product, size) => product * size, 1) * elementBytes[element]
}

/** A weight's message without its bytes. */
function weightHeader(weight: OnnxWeight): Uint8Array {
  const bytes = weightBytes(weight)
  const tensor = proto.TensorProto.encode({
    name: weight.name,
    dims: [...weight.shape],
    dataType: elementCodes[weight.element],
  }).finish()
  const rawHeader = Uint8Array.of(tensorRawData, ...varint(bytes))
  const start = Uint8Array.of(graphInitializer, ...varint(tensor.length + rawHeader.length + bytes))
  return Uint8Array.of(...start, ...tensor, ...rawHeader)
}

function constantProto({ name, element, shape, values }: OnnxConstant): onnx.ITensorProto {
  return { name, dims: [...shape], dataType: elementCodes[element], rawData: constantBytes(element, values) }
}

function constantBytes(element: OnnxElement, values: readonly number[]): Uint8Array {
  switch (element) {
    case 'float':
      return bytesOf(Float32Array.from(values))
    case 'float16':
      return bytesOf(toHalf(Float32Array.from(values)))
    case 'int64':
      return bytesOf(BigInt64Array.from(values, BigInt))
    case 'int32':
      return bytesOf(Int32Array.from(values))
    case 'int8':
      return bytesOf(Int8Array.from(values))
    default:
      return Uint8Array.from(values)
  }
}

function functionProto(
  { name, inputs, outputs, nodes, text }: OnnxFunction,
  opset: number,
  describe: (node: OnnxNode) => string | undefined,
): onnx.IFunctionProto {
  return {
    name,
    domain: functionDomain,
    input: [...inputs],
    output: [...outputs],
    node: nodes.map((node) => nodeProto(node, describe)),
    opsetImport: [
      { domain: '', version: opset },
      { domain: functionDomain, version: 1 },
    ],
    docString: text,
  }
}

export function valueProto({ name, element, shape, axes }: OnnxValue): onnx.IValueInfoProto {
  const dim = shape.map((size, axis) => ({
    ...(typeof size === 'number' ? { dimValue: size } : { dimParam: size }),
    ...(axes && { denotation: elementAt(axes, axis) }),
  }))
  return {
    name,
    type: { tensorType: { elemType: elementCodes[element], shape: { dim } }, ...(axes && { denotation: 'IMAGE' }) },
  }
}

function nodeProto(node: OnnxNode, describe: (node: OnnxNode) => string | undefined): onnx.INodeProto {
  const text = describe(node)
  return {
    opType: node.operator,
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
    ...(node.domain !== undefined && { domain: node.domain }),
    ...(text !== undefined && { docString: text }),
  }
}

function attributeProto(name: string, value: OnnxAttribute): onnx.IAttributeProto {
  const types = proto.AttributeProto.AttributeType
  if (typeof value === 'number') return { name, type: types.INT, i: value }
  if (typeof value === 'string') return { name, type: types.STRING, s: new TextEncoder().encode(value) }
  if ('float' in value) return { name, type: types.FLOAT, f: value.float }
  if ('element' in value) return { name, type: types.INT, i: elementCodes[value.element] }
  if ('graph' in value) return { name, type: types.GRAPH, g: bodyProto(value.graph) }
  if ('tensor' in value) return { name, type: types.TENSOR, t: constantProto(value.tensor) }
  return { name, type: types.INTS, ints: [...value] }
}

function bodyProto({ name, inputs, outputs, nodes }: OnnxSubgraph): onnx.IGraphProto {
  return {
    name,
    node: nodes.map((node) => nodeProto(node, () => undefined)),
    input: inputs.map(innerValueProto),
    output: outputs.map(innerValueProto),
  }
}

function innerValueProto(value: OnnxInnerValue): onnx.IValueInfoProto {
  return 'element' in value ? valueProto(value) : { name: value.name }
}

/** The values' bytes, little-endian as ONNX stores them; every machine that runs JavaScript engines today is. */
function bytesOf(values: WeightValues | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** A base-128 varint. Lengths above 2^31 need division instead of shifts. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
