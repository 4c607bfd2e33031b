import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { z } from 'zod'
import { type View, viewOf, wholePicture } from '../../compiler/graph/view.js'
import { Failure, reasonOf } from '../failure.js'
import type { Picture } from '../images/picture.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import type { Reporter } from '../reporter.js'
import { type Answer, answerOf, type Outputs } from './answer.js'
import { readOnnxMetadata } from './onnx_metadata.js'
import type { Predictor } from './predictor.js'

const classNames = z.array(z.string())

/** What is done to a picture; only sizes matter here. */
const imageSteps = z.array(
  z.object({ name: z.string(), arguments: z.object({ size: z.number().optional().catch(undefined) }) }),
)

/** ONNX Runtime's warnings are about what it could not optimise: nothing that a user could mend. */
const errorsOnly = 3

/** Runs an exported file with ONNX Runtime. */
export class OnnxPredictor implements Predictor {
  private constructor(
    private readonly session: InferenceSession,
    private readonly makeTensor: typeof Tensor,
    readonly classes: readonly string[],
    readonly metadata: Readonly<Record<string, string>>,
    private readonly view: View,
  ) {}

  /** @throws Failure `onnx-unreadable` for a file that ONNX Runtime refuses, `onnx-foreign` for one that wsban did not export */
  static async open(path: string, reporter?: Reporter): Promise<OnnxPredictor> {
    const metadata = await readOnnxMetadata(path)
    const classes = classNames.safeParse(parseJson(metadata.classes))
    const runtime = await loadOnnxRuntime(reporter)
    const session = await runtime.InferenceSession.create(path, { logSeverityLevel: errorsOnly }).catch(
      (error: unknown) => {
        throw new Failure(
          {
            code: 'onnx-unreadable',
            message: `${path} cannot be run: ${reasonOf(error)}`,
            help: 'is it a whole ONNX file? export it again',
            path,
          },
          { cause: error },
        )
      },
    )
    if (!classes.success || metadata.wsban === undefined || !session.inputNames.includes('image'))
      throw new Failure({
        code: 'onnx-foreign',
        message: `${path} is an ONNX file, but not one that wsban exported`,
        help: 'make one: wsban export RUN -o M.onnx',
        path,
      })
    const steps = imageSteps.safeParse(parseJson(metadata.steps))
    const view = steps.success ? viewOf(steps.data) : wholePicture
    return new OnnxPredictor(session, runtime.Tensor, classes.data, metadata, view)
  }

  async predict(pictures: readonly Picture[]): Promise<Answer[]> {
    if (this.metadata.input === 'tensor')
      throw new Failure({
        code: 'onnx-needs-tensor',
        message: 'this file takes normalised tensors, not pictures',
        help: 'export it without --input tensor',
      })
    const answers: Answer[] = []
    // Pictures differ in size, so each is a batch of its own.
    for (const { width, height, data } of pictures) {
      const outputs = await this.run(new this.makeTensor('uint8', data, [1, height, width, 3]))
      answers.push(answerOf(outputs, 0, this.view))
    }
    return answers
  }

  /** All outputs for one input tensor. */
  async run(image: Tensor): Promise<Outputs> {
    const results = await this.session.run({ image })
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, { values: floatsOf(tensor), shape: tensor.dims }]),
    )
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}

function floatsOf(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data
  throw new Error(`an output of type ${tensor.type}`)
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
