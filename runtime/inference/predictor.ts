import type { RgbImage } from '../images/rgb_image.js'
import type { Answer } from './answer.js'

/** Anything that answers about images: a run on an engine, or an ONNX file. */
export interface Predictor {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[]
  predict(images: readonly RgbImage[]): Promise<Answer[]>
  close(): Promise<void>
}
