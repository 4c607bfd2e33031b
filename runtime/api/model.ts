import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { EngineName } from '../engines/index.js'
import { decodeImage } from '../images/decode.js'
import type { Box } from '../images/rgb_image.js'
import type { Answer, Predictor, SeenCrop } from '../inference/answer.js'
import { type NamedPrediction, namedPredictions } from '../inference/named_predictions.js'
import { openPredictor } from '../inference/open.js'
import { type RankedClass, rank } from '../inference/ranked_classes.js'
import type { Reporter } from '../reporter.js'
import { programHost } from './compile.js'

export type { RankedClass } from '../inference/ranked_classes.js'

export interface LoadOptions {
  /** The engine for runs and specs; by default the fastest available. ONNX files run in ONNX Runtime. */
  readonly engine?: EngineName
  /** For a spec: a checkpoint's file. */
  readonly weights?: string
  readonly set?: ModelSettings
  /** Receives progress messages; none without it. */
  readonly reporter?: Reporter
}

export interface PredictOptions {
  /** The number of classes to return, the most probable first; all by default. */
  readonly top?: number
}

/** The prediction for one image. */
export interface Prediction {
  /** The classes of the first Class input, the most probable first; empty if the model predicts no class. */
  readonly classes: readonly RankedClass[]
  /** All predictions by name, if there are others than the probabilities of one class. */
  readonly predictions?: Readonly<Record<string, NamedPrediction>>
  /** Whether the image is of one of the classes; absent if the model was not calibrated. */
  readonly known?: boolean
  /** The box of the first crop. */
  readonly box?: Box
  /** The map from which the crop was computed, in row-major order. */
  readonly attention?: { readonly values: Float32Array; readonly height: number; readonly width: number }
  /** The boxes and maps of further crops by name, if the model takes several. */
  readonly crops?: Readonly<Record<string, Required<Pick<Prediction, 'box' | 'attention'>>>>
  /** Each branch's own logits, by class in the order of the model's `classes`. */
  readonly logits: Readonly<Record<string, Float32Array>>
}

export interface LoadedModel {
  /** In the order of the logits. */
  readonly classes: readonly string[]
  /**
   * Returns one prediction for each image, which is a path or the bytes of a file.
   *
   * @throws Failure `image-unreadable`
   */
  predict(images: readonly (string | Uint8Array)[], options?: PredictOptions): Promise<Prediction[]>
  /** Releases its memory. */
  close(): Promise<void>
}

/**
 * Loads a trained model: an exported .onnx file, a run's folder, or a spec with weights.
 *
 * @throws SpecFailure; Failure `onnx-unreadable`, `onnx-foreign`, and those of opening a run or its weights
 */
export async function load(source: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { engine, weights, set, reporter } = options
  const other = { ...(weights !== undefined && { weights }), ...(set && { set }) }
  const predictor = await openPredictor(source, engine, programHost(reporter), other)
  return {
    classes: predictor.classes,
    predict: (images, { top } = {}) => predictWith(predictor, images, top),
    close: () => predictor.close(),
  }
}

/** Loads a model, predicts the images, and closes it. For several calls, use `load`. */
export async function predict(
  source: string,
  images: readonly (string | Uint8Array)[],
  options: LoadOptions & PredictOptions = {},
): Promise<Prediction[]> {
  const model = await load(source, options)
  try {
    return await model.predict(images, options)
  } finally {
    await model.close()
  }
}

async function predictWith(
  predictor: Predictor,
  images: readonly (string | Uint8Array)[],
  top = predictor.classes.length,
): Promise<Prediction[]> {
  const predictions: Prediction[] = []
  // Sequentially, since decoded images are large.
  for (const [index, image] of images.entries()) {
    const decoded = await decodeImage(image, typeof image === 'string' ? image : `image ${index + 1}`)
    const [answer] = await predictor.predict([decoded])
    if (!answer) throw new Error('no answer for an image')
    predictions.push(predictionFrom(answer, predictor, top))
  }
  return predictions
}

function predictionFrom(answer: Answer, predictor: Predictor, top: number): Prediction {
  const { probabilities, logits, box, attention, crops, known } = answer
  const predictions = namedPredictions(answer, predictor)
  return {
    classes: rank(probabilities, predictor.classes, top),
    ...(predictions && { predictions }),
    logits,
    ...(known !== undefined && { known }),
    ...(box && { box: boxOf(box) }),
    ...(attention && { attention }),
    ...(crops && {
      crops: Object.fromEntries(
        Object.entries(crops).map(([name, crop]) => [name, { box: boxOf(crop.box), attention: crop.attention }]),
      ),
    }),
  }
}

function boxOf([y1, x1, y2, x2]: SeenCrop['box']): Box {
  return { y1, x1, y2, x2 }
}
