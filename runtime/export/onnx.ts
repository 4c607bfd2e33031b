import { createHash } from 'node:crypto'
import type { Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { describer } from '../../compiler/targets/onnx/doc_strings.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { type EncodedModel, encodeModel } from '../../compiler/targets/onnx/encode.js'
import { type FixedSizes, withFixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { defaultOpset } from '../../compiler/targets/onnx/opsets.js'
import { foldConstants } from '../../compiler/targets/onnx/passes/fold_constants.js'
import { fusePasses } from '../../compiler/targets/onnx/passes/fuse_passes.js'
import { toHalfPrecision } from '../../compiler/targets/onnx/passes/half_precision.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxNode, OnnxProgram } from '../../compiler/targets/onnx/program.js'
import type { ResizeLowering } from '../../compiler/targets/onnx/resize_lowering.js'
import { type ResizedInput, withResizedInput } from '../../compiler/targets/onnx/resized_input.js'
import { withSkipping } from '../../compiler/targets/onnx/skip_second.js'
import { Failure } from '../failure.js'
import { writeAtomically } from '../files.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import { packageVersion } from '../package_version.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import type { StoredSpec } from '../specs/stored.js'
import { type InitialValues, initialValues } from '../weights/initial_values.js'
import type { OpenWeights } from '../weights/load.js'
import { type CascadeTrial, type TunedCascade, tuneCascade } from './cascade.js'
import { checkExport } from './check.js'
import { type Accuracy, type EightBitTrial, inEightBits, type Speed } from './eight_bits.js'
import { lowPrecision } from './low_precision.js'
import { type Described, metadataOf } from './metadata.js'

/** How values are stored and computed: all in float32; or, where precision allows, in float16 or quantised to eight bits. */
export type Precision = { readonly name: 'fp32' | 'fp16' } | { readonly name: 'int8'; readonly trial: EightBitTrial }

export interface ExportRequest {
  /** The model's whole graph; the inference graph is made from it. */
  readonly graph: Graph
  readonly stored: StoredSpec
  /** In the order of the logits; numbers if the classes have no names. */
  readonly classes: readonly string[] | undefined
  /** The names of classes and labels by label input, if there are others than a single class. */
  readonly labelNames?: Readonly<Record<string, readonly string[]>>
  readonly path: string
  readonly input: 'image' | 'tensor'
  /** Weights of a checkpoint, which may lack some, or random ones from a seed. */
  readonly weights: (Pick<OpenWeights, 'read'> & { readonly initial?: InitialValues }) | { readonly seed: number }
  readonly opset?: number
  /** How images are resized in the file; `products` if omitted. */
  readonly resize?: ResizeLowering
  /** Whether the file avoids operators that several runtimes lack. */
  readonly portable?: boolean
  /** Fixed sizes of the input. */
  readonly sizes?: FixedSizes
  readonly precision?: Precision
  /** For a model with a cascade: the search for its threshold; by default the spec's threshold is used. */
  readonly cascade?: CascadeTrial
  /** Whether blocks and operations become functions of the file. */
  readonly functions?: boolean
  /** Whether both passes share one copy of the network in a loop, instead of one copy each. */
  readonly fusePasses?: boolean
  /** Passes to skip. */
  readonly without?: readonly string[]
  /** Whether to skip opening the file and running it once. */
  readonly unchecked?: boolean
  /** The seed of the run, by which its validation split was held out. */
  readonly seed?: number
  /** The share of train that it held out, if not the default. */
  readonly holdOut?: number
  /** The fingerprint of that run's training images. */
  readonly samples?: string
  /** Accuracy of the run. */
  readonly metrics?: Readonly<Record<string, unknown>>
  /** The correction of the answers; the graph itself computes uncorrected ones. */
  readonly calibration?: AnswerCalibration
}

/** A model whose input is the resized image, and the resize that its caller has to apply. */
export interface ResizedModel extends EncodedModel {
  readonly resize: ResizedInput
}

export interface Exported {
  readonly bytes: number
  readonly nodes: number
  /** Whether both passes share one copy of the network. */
  readonly fused: boolean
  /** Why the file was not opened and run: on request, or because ONNX Runtime cannot be installed. */
  readonly unchecked?: string
  /** The accuracy of an int8 file before and after quantisation. */
  readonly accuracy?: Accuracy
  /** The speed of an int8 file on this machine. */
  readonly speed?: Speed
  /** The threshold that was found. */
  readonly cascade?: TunedCascade
  /** Returns the model that starts from the resized image, not yet written; undefined if it does not begin with a resize. */
  readonly resized: () => ResizedModel | undefined
}

/** Protobuf's limit for one message. */
const mostBytes = 2 ** 31 - 1

/**
 * Writes the whole method as one ONNX file, after ONNX Runtime, if available, has opened and run it.
 *
 * @throws Failure `weights-not-finite`, `cannot-write`, `int8-inaccurate`, `no-cascade`, `cascade-saves-nothing`, `onnx-too-large`, `export-refused`
 */
export async function exportOnnx(request: ExportRequest): Promise<Exported> {
  const { graph, stored, path, input, weights } = request
  const inference = specialise(graph, 'inference')
  const written = emitOnnx(inference, {
    input,
    opset: request.opset ?? defaultOpset,
    ...(request.resize && { resize: request.resize }),
    ...(request.portable && { portable: true }),
    weights: async (parameter) =>
      'seed' in weights ? initialValues(parameter, weights.seed) : (await weights.read(parameter.name)).values,
  })
  const single = optimise(written, new Set(request.without))
  const { program: precise, accuracy, speed } = await inPrecision(single, inference, request)
  const { program: flat, tuned } = request.cascade
    ? await tuneCascade(precise, inference, { ...request.cascade, input, steps: graph.image.steps })
    : { program: precise, tuned: undefined }
  const fused = request.fusePasses ? fusePasses(flat, inference) : flat
  // Skipping the second pass needs an If, so that a portable file computes both.
  const skipping = request.portable ? fused : withSkipping(fused, inference)
  const sized = request.sizes ? withKnownSizes(skipping, request.sizes, request.without) : skipping
  const program = request.functions ? withFunctions(sized, inference) : sized
  const model = encodeModel({
    program,
    producer: 'wsban',
    version: packageVersion(),
    metadata: await metadataOf(described(request, { accuracy, speed, cascade: tuned }), sha256),
    describe: describer(inference, stored.files),
  })
  if (model.bytes > mostBytes)
    throw new Failure({
      code: 'onnx-too-large',
      message: `the file would have ${(model.bytes / 1e9).toFixed(1)} GB, and an ONNX file holds at most ${(mostBytes / 1e9).toFixed(1)} GB`,
      help: '--precision fp16 halves it',
      path,
    })
  const runtime = request.unchecked ? '--no-check' : await loadOnnxRuntime().catch(reasonOfFailure)
  await writeAtomically(path, model.pieces(), {
    check:
      typeof runtime === 'string'
        ? undefined
        : (file) =>
            checkExport(
              file,
              { input, image: graph.image, sizes: request.sizes, nodes: program.nodes.length },
              runtime,
            ),
  })
  return {
    bytes: model.bytes,
    nodes: program.nodes.length,
    fused: fused !== flat,
    ...(typeof runtime === 'string' && { unchecked: runtime }),
    ...(accuracy && { accuracy }),
    ...(speed && { speed }),
    ...(tuned && { cascade: tuned }),
    resized: () => {
      const found = input === 'image' ? withResizedInput(sized, graph.image) : undefined
      if (!found) return undefined
      const encoded = encodeModel({
        program: found.program,
        producer: 'wsban',
        version: packageVersion(),
        metadata: {},
      })
      return { ...encoded, resize: found.resize }
    },
  }
}

/** Sizes are fixed last: int8 and cascades are tried on images of any size. */
function withKnownSizes(program: OnnxProgram, sizes: FixedSizes, without: readonly string[] = []): OnnxProgram {
  const fixed = withFixedSizes(program, sizes)
  return without.includes(foldConstants.name) ? fixed : foldConstants.run(fixed)
}

/** @throws what is no Failure */
function reasonOfFailure(error: unknown): string {
  if (error instanceof Failure) return error.problem.message
  throw error
}

async function inPrecision(
  single: OnnxProgram,
  inference: Graph,
  { precision = { name: 'fp32' }, graph, input }: ExportRequest,
): Promise<{ program: OnnxProgram; accuracy?: Accuracy; speed?: Speed }> {
  const mayBeLow = lowPrecision(inference)
  if (precision.name === 'int8')
    return inEightBits(
      single,
      { mayBeInt8: mayBeLow, channelsOf: channelsIn(inference) },
      { ...precision.trial, input, steps: graph.image.steps },
    )
  return { program: precision.name === 'fp16' ? toHalfPrecision(single, mayBeLow) : single }
}

/** Returns the number of channels of the maps that a node computes; undefined if its operation computes none. */
export function channelsIn({ nodes }: Graph): (node: OnnxNode) => number | undefined {
  return ({ origin }) => {
    const shape = nodes[origin ?? -1]?.outputs[0]?.shape
    return shape?.length === 4 ? shape[1]?.size : undefined
  }
}

function described(request: ExportRequest, measured: Pick<Described, 'accuracy' | 'speed' | 'cascade'>): Described {
  const { weights, precision } = request
  const version = packageVersion()
  return { ...request, version, weights: originOf(weights), precision: precision?.name ?? 'fp32', ...measured }
}

function originOf(weights: ExportRequest['weights']): string {
  if ('seed' in weights) return `random, seed ${weights.seed}`
  return weights.initial ? `partly random, seed ${weights.initial.seed}` : 'trained'
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
