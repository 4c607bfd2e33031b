import type { InferenceSession, Tensor } from 'onnxruntime-node'
import * as z from 'zod'
import { labelKinds } from '../../compiler/graph/graph.js'
import type { Signature } from '../../compiler/graph/signature.js'
import { type View, viewOf, wholeImage } from '../../compiler/graph/view.js'
import type { FixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import type { LabelNames } from '../data/label_inputs.js'
import { Failure } from '../failure.js'
import { resizeImage } from '../images/resize.js'
import type { RgbImage } from '../images/rgb_image.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import { parsedJson } from '../parsed_json.js'
import type { Reporter } from '../reporter.js'
import {
  type Answer,
  answerOf,
  classAnswer,
  isBoxOutput,
  isEarlyOutput,
  isGuideOutput,
  type Outputs,
  type Predictor,
  predictionOf,
} from './answer.js'
import { readOnnxMetadata } from './onnx_metadata.js'
import { openSession, runSession } from './onnx_session.js'

const classNames = z.array(z.string())

const modelSignature = z.object({
  labels: z.array(z.object({ name: z.string(), kind: z.enum(labelKinds), size: z.number().int().min(1) })),
  answers: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['classes', 'labels', 'values', 'embedding', 'tensor', 'logits']),
      of: z.string().optional(),
    }),
  ),
})

/** The preprocessing of an image; only sizes matter here. */
const imageSteps = z.array(
  z.object({ name: z.string(), arguments: z.object({ size: z.number().positive().optional().catch(undefined) }) }),
)

const fixedSizes = z.object({
  batch: z.number().int().min(1).optional(),
  height: z.number().int().min(1).optional(),
  width: z.number().int().min(1).optional(),
})

/** Runs an exported file with ONNX Runtime. */
export class OnnxPredictor implements Predictor {
  private constructor(
    private readonly path: string,
    private readonly session: InferenceSession,
    private readonly makeTensor: typeof Tensor,
    readonly classes: readonly string[],
    readonly metadata: Readonly<Record<string, string>>,
    private readonly view: View,
    readonly signature: Signature | undefined,
    readonly labelNames: LabelNames | undefined,
    /** Sizes of the file's input that are fixed. */
    private readonly sizes: FixedSizes,
  ) {}

  /** @throws Failure `onnx-unreadable` for a file that ONNX Runtime refuses, `onnx-foreign` for one that wsban did not export */
  static async open(path: string, reporter?: Reporter): Promise<OnnxPredictor> {
    const metadata = await readOnnxMetadata(path)
    const classes = classNames.safeParse(parsedJson(metadata.classes))
    const runtime = await loadOnnxRuntime(reporter)
    const session = await openSession(runtime, path, path)
    if (!classes.success || metadata.wsban === undefined || !session.inputNames.includes('image')) {
      await session.release()
      throw new Failure({
        code: 'onnx-foreign',
        message: `${path} is an ONNX file, but not one that wsban exported`,
        help: 'make one: wsban export RUN -o M.onnx',
        path,
      })
    }
    const steps = imageSteps.safeParse(parsedJson(metadata.steps))
    const view = steps.success ? viewOf(steps.data) : wholeImage
    const signature = modelSignature.safeParse(parsedJson(metadata.signature)).data
    const labelNames = z.record(z.string(), classNames).safeParse(parsedJson(metadata.label_names)).data
    const sizes = fixedSizes.safeParse(parsedJson(metadata.fixed_sizes)).data ?? {}
    return new OnnxPredictor(path, session, runtime.Tensor, classes.data, metadata, view, signature, labelNames, sizes)
  }

  async predict(images: readonly RgbImage[]): Promise<Answer[]> {
    if (this.metadata.input === 'tensor')
      throw new Failure({
        code: 'onnx-needs-tensor',
        message: 'this file takes normalised tensors, not images',
        help: 'export it without --input tensor',
      })
    const answers: Answer[] = []
    // Images differ in size, so each is a batch of its own.
    for (const image of images) {
      const outputs = await this.run(this.batchOf(this.fitted(image)))
      this.checkShapes(outputs)
      answers.push(answerOf(outputs, 0, this.view, this.signature))
    }
    return answers
  }

  /** Returns the image as the file takes it: resized if the file has a fixed size. */
  fitted(image: RgbImage): RgbImage {
    const { height = image.height, width = image.width } = this.sizes
    if (height === image.height && width === image.width) return image
    return { width, height, data: Uint8Array.from(resizeImage(image, width, height), Math.round) }
  }

  /** A file with a fixed batch takes the image that many times. */
  private batchOf({ width, height, data }: RgbImage): Tensor {
    const { batch = 1 } = this.sizes
    const images = batch === 1 ? data : new Uint8Array(batch * data.length)
    if (batch > 1) for (let index = 0; index < batch; index++) images.set(data, index * data.length)
    return new this.makeTensor('uint8', images, [batch, height, width, 3])
  }

  /** All outputs for one input tensor. @throws Failure `onnx-failed` */
  async run(image: Tensor): Promise<Outputs> {
    const results = await runSession(this.session, image, this.path)
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [
        name,
        { values: this.floatsOf(name, tensor), shape: tensor.dims },
      ]),
    )
  }

  private floatsOf(name: string, { data, type }: Tensor): Float32Array {
    if (data instanceof Float32Array) return data
    throw this.foreign(`its output ${name} is of type ${type}`)
  }

  /** That the outputs are those of one batch, as wsban exports them. */
  private checkShapes(outputs: Outputs): void {
    const expected = (name: string, rank: number, length?: number) => {
      const { shape } = outputs[name] ?? { shape: [] }
      if (
        shape.length !== rank ||
        shape[0] !== (this.sizes.batch ?? 1) ||
        (length !== undefined && shape[1] !== length)
      )
        throw this.foreign(`its output ${name} has the shape ${shape.join(' x ')}`)
    }
    const { signature } = this
    const missing = signature?.answers.find(({ name }) => outputs[name] === undefined)
    if (missing) throw this.foreign(`it has no output ${missing.name}`)
    const prediction = signature ? classAnswer(signature)?.name : predictionOf(outputs)
    if (prediction === undefined && !signature) throw this.foreign('it has no prediction')
    for (const name of Object.keys(outputs)) {
      if (isBoxOutput(name)) expected(name, 2, 4)
      else if (isGuideOutput(name)) expected(name, 3)
      else if (isEarlyOutput(name)) expected(name, 1)
      else if (name === prediction) expected(name, 2, this.classes.length)
      else if (signature?.answers.find((answer) => answer.name === name)?.kind !== 'tensor') expected(name, 2)
    }
  }

  private foreign(reason: string): Failure {
    return new Failure({
      code: 'onnx-foreign',
      message: `${this.path} does not behave like a file that wsban exported: ${reason}`,
      help: 'export it again: wsban export RUN -o M.onnx',
      path: this.path,
    })
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}
