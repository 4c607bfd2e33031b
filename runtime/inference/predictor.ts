import type { Picture } from '../images/picture.js'
import type { Answer } from './answer.js'

/** Anything that answers about pictures: a run on an engine, or an ONNX file. */
export interface Predictor {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[]
  predict(pictures: readonly Picture[]): Promise<Answer[]>
  close(): Promise<void>
}
