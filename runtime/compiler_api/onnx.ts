import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { describer } from '../../compiler/targets/onnx/doc_strings.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { defaultOpset } from '../../compiler/targets/onnx/opsets.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { withSkipping } from '../../compiler/targets/onnx/skip_second.js'
import { lowPrecision } from '../export/low_precision.js'
import { metadataOf } from '../export/metadata.js'
import { Failure } from '../failure.js'
import { packageVersion } from '../package_version.js'
import { toFloat32 } from '../weights/dtype.js'
import { readEntries } from '../weights/formats/safetensors_entries.js'
import { initialValues } from '../weights/initial_values.js'
import type { WeightEntry } from '../weights/weight_file.js'
import { type Checked, checked } from './check.js'
import { compiled, type Spec, type SpecOptions } from './spec.js'

export interface OnnxOptions extends SpecOptions {
  /** The bytes of a safetensors file with the parameters by the names that wsban gives them; random values if omitted. */
  readonly weights?: Uint8Array
  /**
   * The seed of random values. Without `weights` the default is 1. With `weights`, a seed allows missing parameters: those that are missing or have
   * another shape get random values.
   */
  readonly seed?: number
  /** The class names in the order of the logits; numbers if omitted. */
  readonly classes?: readonly string[]
  /** `fp32` if omitted. */
  readonly precision?: 'fp32' | 'fp16'
  /** `image`, decoded pixels of any size, if omitted; `tensor` is normalised values in the model's size. */
  readonly input?: 'image' | 'tensor'
}

export interface ExportedOnnx extends Checked {
  /** The file; absent if the spec has errors or no model. */
  readonly onnx?: OnnxFile
}

export interface OnnxFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How many operations the file has. */
  readonly nodes: number
  /** The names of the parameters in the file. */
  readonly parameters: readonly string[]
  /** Those that have random values. */
  readonly random: readonly string[]
}

/**
 * Exports a spec's whole method as one ONNX file, as `wsban export` writes it. The file is not opened and run.
 *
 * @throws Failure `weights-unreadable` for bytes that are not a safetensors file, `weights-do-not-fit` for a file that lacks parameters, without
 *   `seed`
 */
export async function exportOnnx(spec: Spec, options: OnnxOptions = {}): Promise<ExportedOnnx> {
  const { graph, diagnostics, texts, stored } = compiled(spec, options)
  const result = checked(diagnostics, texts)
  if (!graph) return result
  const { precision = 'fp32', input = 'image', classes } = options
  const inference = specialise(graph, 'inference')
  const weights = weightsOf(inference, options)
  const flat = optimise(emitOnnx(inference, { input, opset: defaultOpset, weights: weights.read }), new Set())
  const precise = precision === 'fp16' ? toHalfPrecision(flat, lowPrecision(inference)) : flat
  const program = withSkipping(precise, inference)
  const version = packageVersion()
  const model = encodeModel({
    program,
    producer: 'wsban',
    version,
    metadata: await metadataOf({ version, graph, stored, classes, input, weights: weights.origin, precision }, hashOf),
    describe: describer(inference, stored.files),
  })
  const bytes = new Uint8Array(model.bytes)
  let offset = 0
  for await (const piece of model.pieces()) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  const parameters = [...inference.parameters.keys()]
  return { ...result, onnx: { bytes, nodes: program.nodes.length, parameters, random: weights.random } }
}

interface Weights {
  readonly read: Parameters<typeof emitOnnx>[1]['weights']
  readonly random: readonly string[]
  /** For the metadata of the file. */
  readonly origin: string
}

function weightsOf({ parameters }: Graph, { weights, seed }: OnnxOptions): Weights {
  const entries = weights && entriesOf(weights)
  const found = new Map<string, WeightEntry>()
  for (const { name, shape } of parameters.values()) {
    const entry = entries?.get(name)
    if (entry && entry.shape.join() === shape.join()) found.set(name, entry)
  }
  const random = [...parameters.keys()].filter((name) => !found.has(name))
  if (entries && seed === undefined && random.length > 0) throw lacking(random, entries)
  const chosen = seed ?? 1
  return {
    random,
    origin: random.length === 0 ? 'trained' : `${found.size === 0 ? 'random' : 'partly random'}, seed ${chosen}`,
    read: async (parameter) => {
      const entry = found.get(parameter.name)
      return entry ? toFloat32(await entry.bytes(), entry.dtype) : initialValues(parameter, chosen)
    },
  }
}

function entriesOf(bytes: Uint8Array): ReadonlyMap<string, WeightEntry> {
  const fail = (reason: string, cause?: unknown) =>
    new Failure(
      {
        code: 'weights-unreadable',
        message: `the weights are no safetensors file: ${reason}`,
        help: 'wsban weights convert turns other checkpoints into one',
      },
      { cause },
    )
  const readAt = (start: number, count: number) => bytes.slice(start, start + count)
  return readEntries({ size: bytes.length, readAt, fail }).entries
}

function lacking(names: readonly string[], entries: ReadonlyMap<string, WeightEntry>): Failure {
  const [first = ''] = names
  const other = entries.get(first)
  const why = other ? `is [${other.shape.join(', ')}] there` : 'is not there'
  return new Failure({
    code: 'weights-do-not-fit',
    message: `the weights have no values for ${names.length} parameter${names.length === 1 ? '' : 's'} of the model: ${first} ${why}`,
    help: 'give a seed to begin these with random values',
  })
}

function hashOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}
