import { type View, wholeImage } from '../../compiler/graph/view.js'
import type { Box } from '../../compiler/ops/sampling/crop_sampler/components.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'

/** The map the crop was taken from, row by row. */
export interface AttentionMap {
  readonly values: Float32Array
  readonly height: number
  readonly width: number
  /** The part of the image that it covers: all of it, unless the model's steps cut off its rim. */
  readonly view: View
}

/** The prediction for one image. */
export interface Answer {
  /** By class, adding up to 1: the model's prediction. */
  readonly probabilities: Float32Array
  /** Each branch's own. */
  readonly logits: Readonly<Record<string, Float32Array>>
  readonly box?: Box
  readonly attention?: AttentionMap
  /** Whether the image is of one of the classes; absent where nothing was measured to tell by. */
  readonly known?: boolean
}

/** Anything that answers about images: a run on an engine, or an ONNX file. */
export interface Predictor {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[]
  /** How its answers are corrected, if they are. */
  readonly calibration?: AnswerCalibration
  predict(images: readonly RgbImage[]): Promise<Answer[]>
  close(): Promise<void>
}

/** Outputs of a whole batch, by their names in the ONNX interface. */
export interface Outputs {
  readonly [name: string]: { readonly values: Float32Array; readonly shape: readonly number[] }
}

const logitsPrefix = 'logits/'

/**
 * The answer about image `index` of a batch.
 *
 * @param view what the model sees of an image
 */
export function answerOf(outputs: Outputs, index: number, view: View = wholeImage): Answer {
  const row = (name: string) => {
    const output = outputs[name]
    const length = output ? output.values.length / (output.shape[0] || 1) : 0
    return output?.values.slice(index * length, (index + 1) * length)
  }
  const names = Object.keys(outputs)
  const prediction = predictionOf(outputs)
  const [y1, x1, y2, x2] = row('boxes') ?? []
  const attention = row('attention')
  const [, height = 0, width = 0] = outputs.attention?.shape ?? []
  return {
    probabilities: (prediction !== undefined && row(prediction)) || new Float32Array(),
    logits: Object.fromEntries(
      names
        .filter((name) => name.startsWith(logitsPrefix))
        .map((name) => [name.slice(logitsPrefix.length), row(name) ?? new Float32Array()]),
    ),
    ...(y1 !== undefined &&
      x1 !== undefined &&
      y2 !== undefined &&
      x2 !== undefined && { box: [y1, x1, y2, x2] as const }),
    ...(attention && { attention: { values: attention, height, width, view } }),
  }
}

/** The first output that is none of the others. */
export function predictionOf(outputs: Outputs): string | undefined {
  return Object.keys(outputs).find((name) => name !== 'boxes' && name !== 'attention' && !name.startsWith(logitsPrefix))
}

export function argMax(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}
