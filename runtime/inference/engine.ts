import * as tf from '@tensorflow/tfjs-core'
import type { Signature } from '../../compiler/graph/signature.js'
import { inImage, viewOf } from '../../compiler/graph/view.js'
import type { LabelNames } from '../data/label_inputs.js'
import { preprocess } from '../images/preprocess.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { Answers, Features, Model } from '../model.js'
import { type RunState, Scope } from '../scope.js'
import type { WeightStore } from '../weights/store.js'
import { type Answer, answerOf, isBoxOutput, type Outputs, type Predictor } from './answer.js'

/** Returns the features of the first frozen part on the engine. */
export type FeaturesOf = (at: Scope, images: tf.Tensor4D) => Features

/** Runs a generated model on the current TensorFlow.js engine. */
export class EnginePredictor implements Predictor {
  constructor(
    readonly model: Model,
    readonly classes: readonly string[],
    private readonly weights: WeightStore,
    readonly labelNames?: LabelNames | undefined,
  ) {}

  get signature(): Signature | undefined {
    return this.model.signature
  }

  async predict(images: readonly RgbImage[]): Promise<Answer[]> {
    const { size, steps } = this.model.image
    const normalised = new Float32Array(images.length * size * size * 3)
    images.forEach((image, index) => {
      normalised.set(preprocess(image, steps), index * size * size * 3)
    })
    const outputs = await this.run(normalised, images.length)
    return images.map((_, index) => answerOf(outputs, index, viewOf(steps), this.signature))
  }

  /** The inputs of a forward pass besides the images. */
  get state(): RunState {
    return { variables: this.weights.variables, training: false, key: [] }
  }

  /**
   * @param images normalised [count, size, size, 3]; empty if cached features replace them
   * @param features returns cached features of a frozen part
   */
  async run(images: Float32Array, count: number, features?: FeaturesOf): Promise<Outputs> {
    const { size, steps } = this.model.image
    const view = viewOf(steps)
    const tensors = tf.tidy(() => {
      const at = Scope.of(this.state)
      const input =
        images.length > 0 ? tf.tensor4d(images, [count, size, size, 3]) : tf.tensor4d(images, [count, 0, 0, 3])
      const given = features ? [...this.absent(), features(at, input)] : []
      return flatten(this.model.forward(at, input, ...given).answers)
    })
    const outputs: Record<string, Outputs[string]> = {}
    for (const [name, tensor] of Object.entries(tensors)) {
      const values = Float32Array.from(await tensor.data())
      // The model's boxes are relative to its input; the results are relative to the whole image.
      outputs[name] = {
        values: isBoxOutput(name) && view.share !== 1 ? values.map((place) => inImage(place, view)) : values,
        shape: tensor.shape,
      }
    }
    tf.dispose(tensors)
    return outputs
  }

  /** Label inputs and views, which inference does not have. */
  private absent(): readonly undefined[] {
    const { signature, classes, views = [] } = this.model
    const labels = signature ? signature.labels.length : classes === undefined ? 0 : 1
    return Array.from({ length: labels + views.length }, () => undefined)
  }

  async close(): Promise<void> {
    this.weights.dispose()
  }
}

/** The answers by their names in the ONNX interface. */
function flatten({ logits, ...rest }: Answers): Record<string, tf.Tensor> {
  const named = Object.entries(logits).map(([branch, tensor]): [string, tf.Tensor] => [`logits/${branch}`, tensor])
  const others = Object.entries(rest).flatMap(([name, tensor]): [string, tf.Tensor][] =>
    tensor instanceof tf.Tensor ? [[name, tensor]] : [],
  )
  return Object.fromEntries([...others, ...named])
}
