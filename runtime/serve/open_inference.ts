import * as z from 'zod'
import { reasonOf } from '../failure.js'
import type { Reply } from '../http.js'
import type { Outputs } from '../inference/answer.js'
import { elementBytes, type TensorDescription } from '../inference/tensor_description.js'
import { Refusal } from './refusal.js'
import type { InputTensor } from './tensors.js'

/**
 * Inference requests and responses of the Open Inference Protocol, version 2 (kserve/open-inference-protocol,
 * specification/protocol/inference_rest.md), with Triton's binary tensor data extension: tensors may follow the JSON object as little-endian bytes,
 * in the order in which it names them.
 */
export const headerLength = 'inference-header-content-length'
export const extensions = ['binary_tensor_data']

const inferenceRequest = z.object({
  id: z.string().max(1000).optional(),
  parameters: z.looseObject({ binary_data_output: z.boolean().optional() }).optional(),
  inputs: z
    .array(
      z.object({
        name: z.string(),
        shape: z.array(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)).min(1).max(8),
        datatype: z.string(),
        parameters: z.looseObject({ binary_data_size: z.number().int().min(0).optional() }).optional(),
        data: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(16),
  outputs: z
    .array(
      z.object({
        name: z.string(),
        parameters: z.looseObject({ binary_data: z.boolean().optional() }).optional(),
      }),
    )
    .max(256)
    .optional(),
})

export interface InferenceRequest {
  readonly id?: string
  readonly tensor: InputTensor
  /** The requested outputs, and whether their data is returned as bytes. */
  readonly outputs: readonly { readonly name: string; readonly binary: boolean }[]
}

export interface InferenceLimits {
  /** Rows of one request. */
  readonly batch: number
  /** The number of elements of the input. */
  readonly elements: number
}

/**
 * Decodes the body of an inference request.
 *
 * @param jsonLength the header of the binary extension, which tells where the JSON ends
 * @throws Refusal 400, 413
 */
export function inferenceRequestOf(
  body: Uint8Array,
  jsonLength: string | undefined,
  { input, outputs }: { readonly input: TensorDescription; readonly outputs: readonly TensorDescription[] },
  limits: InferenceLimits,
): InferenceRequest {
  const end = jsonLength === undefined ? body.length : Number(jsonLength)
  if (jsonLength !== undefined && (!/^\d{1,15}$/.test(jsonLength) || end > body.length))
    throw new Refusal(400, `Inference-Header-Content-Length is no length within the ${body.length} bytes of the body`)
  const request = decoded(body.subarray(0, end))
  const [given, ...others] = request.inputs
  if (!given || others.length > 0 || given.name !== input.name)
    throw new Refusal(400, `the model has one input, ${input.name}`)
  if (given.datatype !== input.datatype)
    throw new Refusal(400, `the input ${input.name} is ${input.datatype}, not ${given.datatype.slice(0, 20)}`)
  checkShape(given.shape, input, limits)
  const count = given.shape.reduce((all, size) => all * size, 1)
  const bytes = body.subarray(end)
  const size = given.parameters?.binary_data_size
  if (size !== undefined && given.data !== undefined)
    throw new Refusal(400, `the input ${input.name} has both data and binary_data_size`)
  if (bytes.length !== (size ?? 0))
    throw new Refusal(
      400,
      `${bytes.length} bytes follow the JSON object, and binary_data_size is ${size ?? 'not given'}`,
    )
  const data = size === undefined ? fromJson(given.data, given.shape, count, input) : fromBytes(bytes, count, input)
  const all = request.parameters?.binary_data_output ?? false
  return {
    ...(request.id !== undefined && { id: request.id }),
    tensor: { data, shape: given.shape },
    outputs: (request.outputs ?? outputs.map(({ name }) => ({ name, parameters: undefined }))).map(
      ({ name, parameters: own }) => {
        if (!outputs.some((output) => output.name === name))
          throw new Refusal(
            400,
            `the model has no output ${name.slice(0, 100)}; it has ${outputs.map((output) => output.name).join(', ')}`,
          )
        return { name, binary: own?.binary_data ?? all }
      },
    ),
  }
}

function decoded(json: Uint8Array): z.infer<typeof inferenceRequest> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch (error) {
    throw new Refusal(400, `the body is no JSON: ${reasonOf(error).slice(0, 200)}`)
  }
  const { data, error } = inferenceRequest.safeParse(value)
  if (data) return data
  const [issue] = error.issues
  throw new Refusal(400, `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'is not as the protocol has it'}`)
}

function checkShape(
  shape: readonly number[],
  { name, shape: declared }: TensorDescription,
  limits: InferenceLimits,
): void {
  const fits = shape.length === declared.length && shape.every((size, axis) => [-1, size].includes(declared[axis] ?? 0))
  if (!fits) throw new Refusal(400, `the input ${name} has the shape [${declared}], not [${shape}]`)
  const [rows = 0] = shape
  if (rows > limits.batch) throw new Refusal(400, `a request may have ${limits.batch} rows, not ${rows}`)
  let elements = 1
  // Larger products are not exact, and exceed every limit.
  for (const size of shape) elements = Math.min(elements * size, Number.MAX_SAFE_INTEGER)
  if (elements > limits.elements)
    throw new Refusal(413, `the input ${name} may have ${limits.elements} elements; the shape [${shape}] has more`)
}

/** @param data nested as the shape is, or flat */
function fromJson(
  data: unknown,
  shape: readonly number[],
  count: number,
  { name, datatype }: TensorDescription,
): InputTensor['data'] {
  if (!Array.isArray(data)) throw new Refusal(400, `the input ${name} has no data`)
  const values = datatype === 'UINT8' ? new Uint8Array(count) : new Float32Array(count)
  let filled = 0
  const isValue = datatype === 'UINT8' ? isByte : isSingle
  const mismatch = () => new Refusal(400, `the data of the input ${name} does not fill the shape [${shape}]`)
  const fill = (list: readonly unknown[], axis: number) => {
    if (axis < shape.length - 1 && list.length !== shape[axis]) throw mismatch()
    for (const item of list) {
      if (axis < shape.length - 1) {
        if (!Array.isArray(item)) throw mismatch()
        fill(item, axis + 1)
        continue
      }
      if (filled === count) throw mismatch()
      if (!isValue(item))
        throw new Refusal(400, `the data of the input ${name} holds a value that is no ${datatype}, at ${filled}`)
      values[filled++] = item
    }
  }
  const isFlat = shape.length > 1 && data.length > 0 && !Array.isArray(data[0])
  fill(data, isFlat ? shape.length - 1 : 0)
  if (filled !== count) throw mismatch()
  return values
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255
}

function isSingle(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value))
}

function fromBytes(bytes: Uint8Array, count: number, { name, datatype }: TensorDescription): InputTensor['data'] {
  const expected = count * elementBytes[datatype]
  if (bytes.length !== expected)
    throw new Refusal(400, `the input ${name} needs ${expected} bytes of data, and has ${bytes.length}`)
  if (datatype === 'UINT8') return bytes
  const values = new Float32Array(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let index = 0; index < count; index++) {
    const value = view.getFloat32(4 * index, true)
    if (!Number.isFinite(value)) throw new Refusal(400, `the data of the input ${name} is not finite at ${index}`)
    values[index] = value
  }
  return values
}

/** Returns the response with the outputs that a request asks for. @throws Refusal 500 for a number that JSON cannot express */
export function inferenceReply(model: string, { id, outputs: asked }: InferenceRequest, outputs: Outputs): Reply {
  const tail: Uint8Array[] = []
  const json = JSON.stringify({
    model_name: model,
    ...(id !== undefined && { id }),
    outputs: asked.map(({ name, binary }) => {
      const output = outputs[name]
      if (!output) throw new Error(`the model gave no output ${name}`)
      const { values, shape } = output
      const described = { name, shape, datatype: 'FP32' }
      if (binary) {
        const bytes = littleEndian(values)
        tail.push(bytes)
        return { ...described, parameters: { binary_data_size: bytes.length } }
      }
      if (!values.every(Number.isFinite))
        throw new Refusal(500, `the output ${name} is not finite, which JSON cannot express; ask for it as binary data`)
      return { ...described, data: Array.from(values) }
    }),
  })
  if (tail.length === 0) return { status: 200, type: 'application/json', body: json }
  const head = Buffer.from(json)
  return {
    status: 200,
    type: 'application/octet-stream',
    body: Buffer.concat([head, ...tail]),
    headers: { 'Inference-Header-Content-Length': String(head.length) },
  }
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) view.setFloat32(4 * index, value, true)
  return bytes
}
