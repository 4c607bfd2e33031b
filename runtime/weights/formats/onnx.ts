import { type Dtype, dtypeBytes } from '../dtype.js'
import type { WeightEntry, WeightFile } from '../weight_file.js'
import { ByteFile } from './byte_file.js'

/** TensorProto.DataType of onnx.proto. */
const dtypes: Readonly<Record<number, Dtype>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
}

/** Fields of onnx.proto that lead to the weights. */
const field = {
  modelGraph: 7,
  initializer: 5,
  graphNode: 1,
  nodeOutput: 2,
  dims: 1,
  dataType: 2,
  floatData: 4,
  name: 8,
  rawData: 9,
  doubleData: 10,
  external: 13,
}

/** Opens the initialisers of an ONNX file: parses its messages, and reads values only on request. */
export function openOnnxWeights(path: string): WeightFile {
  const file = new ByteFile(path)
  try {
    const entries = new Map<string, WeightEntry>()
    for (const [number, start, end] of fields(file, 0, file.size))
      if (number === field.modelGraph)
        for (const [inner, from, to] of fields(file, start, end))
          if (inner === field.initializer) {
            const tensor = readTensor(file, from, to)
            entries.set(tensor.name, tensor.entry)
          }
    if (entries.size === 0)
      throw file.fail('it is neither safetensors nor a PyTorch checkpoint, nor an ONNX file with weights')
    return { path, format: 'onnx', entries, metadata: {}, close: async () => file.close() }
  } catch (error) {
    file.close()
    throw error
  }
}

/** Returns the names of all outputs of the file's nodes. @throws Failure `weights-unreadable` */
export function nodeOutputs(path: string): ReadonlySet<string> {
  const file = new ByteFile(path)
  try {
    const names = new Set<string>()
    for (const [number, start, end] of fields(file, 0, file.size))
      if (number === field.modelGraph)
        for (const [inner, from, to] of fields(file, start, end))
          if (inner === field.graphNode)
            for (const [part, first, last] of fields(file, from, to))
              if (part === field.nodeOutput) names.add(new TextDecoder().decode(file.readAt(first, last - first)))
    return names
  } finally {
    file.close()
  }
}

/** Yields each field of a message: its number, and the range of its bytes (or the value of a varint). */
function* fields(
  file: ByteFile,
  from: number,
  end: number,
): Generator<[number: number, start: number, end: number, value: number]> {
  let at = from
  while (at < end) {
    file.position = at
    const tag = varint(file)
    const number = Math.floor(tag / 8)
    const kind = tag % 8
    let value = 0
    if (kind === 0) value = varint(file)
    const length = kind === 2 ? varint(file) : kind === 1 ? 8 : kind === 5 ? 4 : 0
    if (number === 0 || ![0, 1, 2, 5].includes(kind) || file.position + length > end)
      throw file.fail('it is neither safetensors nor a PyTorch checkpoint, nor a whole ONNX file')
    at = file.position + length
    yield [number, at - length, at, value]
  }
}

function varint(file: ByteFile): number {
  let value = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = file.byte()
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw file.fail('it has a number of more than 64 bits')
}

function readTensor(file: ByteFile, from: number, to: number): { name: string; entry: WeightEntry } {
  const shape: number[] = []
  let dtype: Dtype | undefined
  let type = 0
  let name = ''
  let data: readonly [number, number] | undefined
  for (const [number, start, end, value] of fields(file, from, to)) {
    if (number === field.dims) {
      if (start === end) shape.push(value)
      else for (file.position = start; file.position < end; ) shape.push(varint(file))
    } else if (number === field.dataType) {
      type = value
      dtype = dtypes[value]
    } else if (number === field.name)
      name = new TextDecoder().decode(file.readAt(start, Math.min(end - start, 1 << 16)))
    else if (number === field.rawData) data = [start, end]
    else if (number === field.floatData || number === field.doubleData) data = [start, end]
    else if (number === field.external) throw file.fail(`${name || 'a tensor'} lies in another file`)
  }
  if (!dtype) throw file.fail(`${name} has element type ${type}, which is not read`)
  const bytes = shape.reduce((product, length) => product * length, 1) * dtypeBytes[dtype]
  const [start, end] = data ?? [0, 0]
  return {
    name,
    entry: {
      dtype,
      shape,
      async bytes() {
        if (end - start !== bytes) throw file.fail(`${name} has ${end - start} bytes instead of ${bytes}`)
        return file.readAt(start, bytes)
      },
    },
  }
}
