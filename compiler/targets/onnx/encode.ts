import onnxProto, { type onnx } from 'onnx-proto'

const proto = onnxProto.onnx

/** A float32 tensor whose bytes are there already. */
export interface StoredTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export interface OnnxModel {
  readonly irVersion: number
  readonly opset: number
  readonly producer: string
  readonly version: string
  readonly metadata: Readonly<Record<string, string>>
  readonly graph: onnx.IGraphProto
  readonly weights: readonly StoredTensor[]
}

/** Field numbers of onnx.proto, with protobuf's wire type for bytes. */
const bytesField = (number: number) => (number << 3) | 2
const modelGraph = bytesField(7)
const graphInitializer = bytesField(5)
const tensorRawData = bytesField(9)

/**
 * A model as protobuf, in pieces. Everything but the weights is encoded as usual; a weight's bytes are put between a hand-written
 * header and the next one, so that a file of 100 MB needs no second 100 MB. Protobuf lets a message's fields come in any order.
 */
export function encodeModel(model: OnnxModel): readonly Uint8Array[] {
  const head = proto.ModelProto.encode({
    irVersion: model.irVersion,
    producerName: model.producer,
    producerVersion: model.version,
    opsetImport: [{ domain: '', version: model.opset }],
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
  }).finish()
  const body: Uint8Array[] = [proto.GraphProto.encode(model.graph).finish(), ...model.weights.flatMap(weightPieces)]
  const length = body.reduce((sum, piece) => sum + piece.length, 0)
  return [head, Uint8Array.of(modelGraph, ...varint(length)), ...body]
}

function weightPieces({ name, shape, bytes }: StoredTensor): Uint8Array[] {
  const header = proto.TensorProto.encode({
    name,
    dims: [...shape],
    dataType: proto.TensorProto.DataType.FLOAT,
  }).finish()
  const rawHeader = Uint8Array.of(tensorRawData, ...varint(bytes.length))
  const length = header.length + rawHeader.length + bytes.length
  return [Uint8Array.of(graphInitializer, ...varint(length)), header, rawHeader, bytes]
}

/** Seven bits a byte, the lowest first. Lengths above 2^31 need division instead of shifts. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
