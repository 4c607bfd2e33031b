import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Signature } from '../../compiler/graph/signature.js'
import type { LabelNames } from '../data/label_inputs.js'
import type { RgbImage } from '../images/rgb_image.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import type { Reporter } from '../reporter.js'
import type { Answer, Outputs, Predictor } from './answer.js'
import { OnnxModel } from './onnx_model.js'
import { floatOutputs, openModelSession, runSession } from './onnx_session.js'

/** Runs an exported file with ONNX Runtime. */
export class OnnxPredictor implements Predictor {
  private constructor(
    readonly model: OnnxModel,
    private readonly session: InferenceSession,
    private readonly makeTensor: typeof Tensor,
  ) {}

  /** @throws Failure `onnx-unreadable` for a file that ONNX Runtime rejects, `onnx-foreign` for one that wsban did not export */
  static async open(path: string, reporter?: Reporter): Promise<OnnxPredictor> {
    const model = await OnnxModel.read(path)
    const runtime = await loadOnnxRuntime(reporter)
    return new OnnxPredictor(model, await openModelSession(runtime, model), runtime.Tensor)
  }

  get classes(): readonly string[] {
    return this.model.classes
  }

  get signature(): Signature | undefined {
    return this.model.signature
  }

  get labelNames(): LabelNames | undefined {
    return this.model.labelNames
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.model.metadata
  }

  async predict(images: readonly RgbImage[]): Promise<Answer[]> {
    this.model.requireImages()
    const answers: Answer[] = []
    // Images differ in size, so each is a separate batch.
    for (const image of images) {
      const outputs = await this.run(this.batchOf(this.model.fitted(image)))
      answers.push(...this.model.answersOf(outputs, this.model.sizes.batch ?? 1).slice(0, 1))
    }
    return answers
  }

  /** A file with a fixed batch takes the image that many times. */
  private batchOf({ width, height, data }: RgbImage): Tensor {
    const { batch = 1 } = this.model.sizes
    const images = batch === 1 ? data : new Uint8Array(batch * data.length)
    if (batch > 1) for (let index = 0; index < batch; index++) images.set(data, index * data.length)
    return new this.makeTensor('uint8', images, [batch, height, width, 3])
  }

  /** All outputs for one input tensor. @throws Failure `onnx-failed` */
  async run(image: Tensor): Promise<Outputs> {
    return floatOutputs(await runSession(this.session, image, this.model.path), this.model)
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}
