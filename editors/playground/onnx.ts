import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { type View, viewOf } from '../../compiler/graph/view.js'
import { describer } from '../../compiler/targets/onnx/doc_strings.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { defaultOpset } from '../../compiler/targets/onnx/opsets.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { metadataOf } from '../../runtime/export/metadata.js'
import type { StoredSpec } from '../../runtime/specs/stored.js'
import { toFloat32 } from '../../runtime/weights/dtype.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { readEntries } from '../../runtime/weights/safetensors_entries.js'

/** Weights that someone dropped on the page, by name. */
export interface LoadedWeights {
  readonly file: string
  readonly entries: ReturnType<typeof readEntries>['entries']
}

/** Reads a safetensors file. @throws Error for what is none */
export function loadWeights(file: string, bytes: Uint8Array): LoadedWeights {
  const fail = (reason: string, cause?: unknown) => new Error(`${file} cannot be read: ${reason}`, { cause })
  const readAt = (start: number, count: number) => bytes.slice(start, start + count)
  const { entries } = readEntries({ size: bytes.length, readAt, fail })
  return { file, entries }
}

export interface OnnxRequest {
  readonly graph: Graph
  readonly stored: StoredSpec
  readonly version: string
  readonly seed: number
  readonly weights: LoadedWeights | undefined
}

export interface OnnxMade {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly nodes: number
  /** The part of an image that the model sees. */
  readonly view: View
  /** How many of the weights came from the file, and how many there are. */
  readonly loaded: number
  readonly parameters: number
}

/** The whole method as one ONNX file, as `wsban export` writes it. What the loaded weights lack is random, by the seed. */
export async function makeOnnx({ graph, stored, version, seed, weights }: OnnxRequest): Promise<OnnxMade> {
  const inference = specialise(graph, 'inference')
  const fitting = (name: string, shape: readonly number[]) => {
    const entry = weights?.entries.get(name)
    return entry && entry.shape.join() === shape.join() ? entry : undefined
  }
  const written = emitOnnx(inference, {
    input: 'image',
    opset: defaultOpset,
    weights: async (parameter) => {
      const entry = fitting(parameter.name, parameter.shape)
      return entry ? toFloat32(await entry.bytes(), entry.dtype) : initialValues(parameter, seed)
    },
  })
  const program = optimise(written, new Set())
  const loaded = [...inference.parameters.values()].filter(({ name, shape }) => fitting(name, shape)).length
  const origin = loaded === inference.parameters.size ? 'trained' : `random, seed ${seed}`
  const metadata = await metadataOf(
    { version, graph, stored, classes: undefined, input: 'image', weights: origin, precision: 'fp32' },
    sha256,
  )
  const model = encodeModel({
    program,
    producer: 'wsban',
    version,
    metadata,
    describe: describer(inference, stored.files),
  })
  const bytes = new Uint8Array(model.bytes)
  let offset = 0
  for await (const piece of model.pieces()) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  const view = viewOf(graph.image.steps)
  return { bytes, nodes: program.nodes.length, view, loaded, parameters: inference.parameters.size }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
