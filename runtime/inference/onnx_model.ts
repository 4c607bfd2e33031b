import * as z from 'zod'
import { labelKinds } from '../../compiler/graph/graph.js'
import type { Signature } from '../../compiler/graph/signature.js'
import { type View, viewOf, wholeImage } from '../../compiler/graph/view.js'
import type { FixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import type { LabelNames } from '../data/label_inputs.js'
import { Failure } from '../failure.js'
import { resizeImage } from '../images/resize.js'
import type { RgbImage } from '../images/rgb_image.js'
import { parsedJson } from '../parsed_json.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { answerCalibration } from '../runs/answer_calibration_schema.js'
import {
  type Answer,
  answerOf,
  classAnswer,
  isBoxOutput,
  isEarlyOutput,
  isGuideOutput,
  type Outputs,
  predictionOf,
} from './answer.js'
import { readOnnxMetadata } from './onnx_metadata.js'

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

/** The metadata of an exported file, which describes its outputs. It holds no weights and does not need ONNX Runtime. */
export class OnnxModel {
  private constructor(
    readonly path: string,
    readonly metadata: Readonly<Record<string, string>>,
    /** In the order of the probabilities. */
    readonly classes: readonly string[],
    readonly signature: Signature | undefined,
    readonly labelNames: LabelNames | undefined,
    private readonly view: View,
    /** Fixed sizes of the file's input. */
    readonly sizes: FixedSizes,
    /** The correction of its answers, if it was calibrated. */
    readonly calibration: AnswerCalibration | undefined,
  ) {}

  /** @throws Failure `onnx-unreadable` for a file that is no ONNX file, `onnx-foreign` for one that wsban did not export */
  static async read(path: string): Promise<OnnxModel> {
    const metadata = await readOnnxMetadata(path)
    const classes = classNames.safeParse(parsedJson(metadata.classes))
    if (!classes.success || metadata.wsban === undefined) throw notExported(path)
    const steps = imageSteps.safeParse(parsedJson(metadata.steps))
    return new OnnxModel(
      path,
      metadata,
      classes.data,
      modelSignature.safeParse(parsedJson(metadata.signature)).data,
      z.record(z.string(), classNames).safeParse(parsedJson(metadata.label_names)).data,
      steps.success ? viewOf(steps.data) : wholeImage,
      fixedSizes.safeParse(parsedJson(metadata.fixed_sizes)).data ?? {},
      answerCalibration.safeParse(parsedJson(metadata.calibration)).data,
    )
  }

  /** Whether the input is a normalised tensor instead of images. */
  get takesTensors(): boolean {
    return this.metadata.input === 'tensor'
  }

  /** @throws Failure `onnx-needs-tensor` if the file does not take images */
  requireImages(): void {
    if (this.takesTensors)
      throw new Failure({
        code: 'onnx-needs-tensor',
        message: 'this file takes normalised tensors, not images',
        help: 'export it without --input tensor',
      })
  }

  /** Returns the image for the file's input: resized if the input has a fixed size. */
  fitted(image: RgbImage): RgbImage {
    const { height = image.height, width = image.width } = this.sizes
    if (height === image.height && width === image.width) return image
    return { width, height, data: Uint8Array.from(resizeImage(image, width, height), Math.round) }
  }

  /** Returns the answers for `count` images, without calibration. @throws Failure `onnx-foreign` for outputs of other shapes than wsban exports */
  answersOf(outputs: Outputs, count: number): Answer[] {
    this.checkShapes(outputs, count)
    return Array.from({ length: count }, (_, index) => answerOf(outputs, index, this.view, this.signature))
  }

  /** Checks that the outputs are those of `count` images, as wsban exports them. */
  private checkShapes(outputs: Outputs, count: number): void {
    const expected = (name: string, rank: number, length?: number) => {
      const { shape } = outputs[name] ?? { shape: [] }
      if (shape.length !== rank || shape[0] !== count || (length !== undefined && shape[1] !== length))
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

  /** Returns the error for a file that does not behave as its metadata says. */
  foreign(reason: string): Failure {
    return new Failure({
      code: 'onnx-foreign',
      message: `${this.path} does not behave like a file that wsban exported: ${reason}`,
      help: 'export it again: wsban export RUN -o M.onnx',
      path: this.path,
    })
  }
}

/** Returns the error for an ONNX file of another program. */
export function notExported(path: string): Failure {
  return new Failure({
    code: 'onnx-foreign',
    message: `${path} is an ONNX file, but not one that wsban exported`,
    help: 'make one: wsban export RUN -o M.onnx',
    path,
  })
}
