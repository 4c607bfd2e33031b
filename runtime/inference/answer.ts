import type { Signature, SignatureAnswer } from '../../compiler/graph/signature.js'
import { type View, wholeImage } from '../../compiler/graph/view.js'
import type { Box } from '../../compiler/ops/sampling/crop_sampler/components.js'
import { present } from '../../grammar/present.js'
import type { LabelNames } from '../data/label_inputs.js'
import type { RgbImage } from '../images/rgb_image.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'

/** The map that the crop was computed from, in row-major order. */
export interface AttentionMap {
  readonly values: Float32Array
  readonly height: number
  readonly width: number
  /** The part of the image that it covers: all of it, unless the image steps crop the border. */
  readonly view: View
}

/** The box of a crop, and the map that it was computed from. */
export interface SeenCrop {
  readonly box: Box
  readonly attention: AttentionMap
}

/** The prediction for one image. */
export interface Answer {
  /** The predicted probabilities by class, with sum 1. Empty if the model predicts no class. */
  readonly probabilities: Float32Array
  /** All predictions by name, if there are others than the class probabilities. */
  readonly predictions?: Readonly<Record<string, Float32Array>>
  /** Each branch's own. */
  readonly logits: Readonly<Record<string, Float32Array>>
  /** Of the first crop. */
  readonly box?: Box
  readonly attention?: AttentionMap
  /** The crops after the first, by name, if there are several. */
  readonly crops?: Readonly<Record<string, SeenCrop>>
  /** Whether the image kept the first prediction of a cascade; absent in a model without one. */
  readonly early?: boolean
  /** Whether the image is of one of the classes; absent without a calibration. */
  readonly known?: boolean
}

/** A model that predicts images: a run on an engine, or an ONNX file. */
export interface Predictor {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[]
  /** Absent for a classifier with one label, whose only prediction is its probabilities. */
  readonly signature?: Signature | undefined
  /** The names of classes and labels by label input, if there is a signature. */
  readonly labelNames?: LabelNames | undefined
  /** The correction of its answers, if any. */
  readonly calibration?: AnswerCalibration
  predict(images: readonly RgbImage[]): Promise<Answer[]>
  close(): Promise<void>
}

/** Outputs of a whole batch, by their names in the ONNX interface. */
export interface Outputs {
  readonly [name: string]: { readonly values: Float32Array; readonly shape: readonly number[] }
}

const logitsPrefix = 'logits/'
const [boxOutput, guideOutput, earlyOutput] = ['boxes', 'attention', 'early'] as const

/** Whether an output holds the boxes of a crop: `boxes` of the first, `boxes/NAME` of another. */
export function isBoxOutput(name: string): boolean {
  return isOutputOf(boxOutput, name)
}

/** Whether an output is the map that a crop was computed from. */
export function isGuideOutput(name: string): boolean {
  return isOutputOf(guideOutput, name)
}

/** Whether an output marks the images that kept the first prediction of a cascade. */
export function isEarlyOutput(name: string): boolean {
  return isOutputOf(earlyOutput, name)
}

function isOutputOf(kind: string, name: string): boolean {
  return name === kind || name.startsWith(`${kind}/`)
}

/**
 * Returns the answer for image `index` of a batch.
 *
 * @param view the part of an image that is the model's input
 * @param signature of the model, if it has one
 */
export function answerOf(outputs: Outputs, index: number, view: View = wholeImage, signature?: Signature): Answer {
  const row = (name: string) => {
    const output = outputs[name]
    const length = output ? output.values.length / (output.shape[0] || 1) : 0
    return output?.values.slice(index * length, (index + 1) * length)
  }
  const seen = (suffix: string): SeenCrop | undefined => {
    const [y1, x1, y2, x2] = row(`${boxOutput}${suffix}`) ?? []
    const values = row(`${guideOutput}${suffix}`)
    const [, height, width] = outputs[`${guideOutput}${suffix}`]?.shape ?? []
    if (y1 === undefined || x1 === undefined || y2 === undefined || x2 === undefined) return undefined
    if (!values || height === undefined || width === undefined) return undefined
    return { box: [y1, x1, y2, x2], attention: { values, height, width, view } }
  }
  const names = Object.keys(outputs)
  const prediction = signature ? classAnswer(signature)?.name : predictionOf(outputs)
  const predicted = signature?.answers.flatMap(({ name, kind }) => (kind === 'logits' ? [] : [name]))
  const others = names.flatMap((name) => {
    const crop = name.startsWith(`${boxOutput}/`) ? seen(name.slice(boxOutput.length)) : undefined
    return crop ? [[name.slice(boxOutput.length + 1), crop] as const] : []
  })
  return {
    probabilities: (prediction !== undefined && row(prediction)) || new Float32Array(),
    logits: Object.fromEntries(
      names
        .filter((name) => name.startsWith(logitsPrefix))
        .map((name) => [name.slice(logitsPrefix.length), row(name) ?? new Float32Array()]),
    ),
    ...(predicted && {
      predictions: Object.fromEntries(
        predicted.map((name) => [name, present(row(name), `the output ${name} of a model`)]),
      ),
    }),
    ...seen(''),
    ...(outputs[earlyOutput] && { early: row(earlyOutput)?.[0] === 1 }),
    ...(others.length > 0 && { crops: Object.fromEntries(others) }),
  }
}

/** Returns the prediction that holds the probabilities of the first Class input; undefined if there is none. */
export function classAnswer({ labels, answers }: Signature): SignatureAnswer | undefined {
  const label = labels.find(({ kind }) => kind === 'Class')
  return answers.find(({ kind, of }) => kind === 'classes' && of === label?.name)
}

/**
 * Returns the logits of the branches that classify by the first Class input, by the names of the branches in metrics: `joint` is the
 * model's own prediction there, and a branch of that name is `joint_branch`.
 */
export function classLogits({ logits }: Pick<Answer, 'logits'>, signature: Signature | undefined): Answer['logits'] {
  const label = signature?.labels.find(({ kind }) => kind === 'Class')?.name
  const names = signature?.answers.flatMap(({ name, kind, of }) => (kind === 'logits' && of === label ? [name] : []))
  const branches = Object.keys(logits)
  return Object.fromEntries(
    Object.entries(logits)
      .filter(([branch]) => !names || names.includes(`${logitsPrefix}${branch}`))
      .map(([branch, values]) => [nameInMetrics(branch, branches), values]),
  )
}

function nameInMetrics(branch: string, branches: readonly string[]): string {
  if (branch !== 'joint') return branch
  let name = 'joint_branch'
  while (branches.includes(name)) name += '_branch'
  return name
}

/** Whether a model predicts the probabilities of classes. */
export function predictsClasses(signature: Signature | undefined): boolean {
  return !signature || classAnswer(signature) !== undefined
}

/** Returns the first output that is not a box, map, early mask or logits. */
export function predictionOf(outputs: Outputs): string | undefined {
  return Object.keys(outputs).find(
    (name) => !isBoxOutput(name) && !isGuideOutput(name) && !isEarlyOutput(name) && !name.startsWith(logitsPrefix),
  )
}

export function argMax(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}
