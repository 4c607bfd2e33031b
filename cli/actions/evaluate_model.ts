import { join } from 'node:path'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import type { Signature } from '../../compiler/graph/signature.js'
import type { ClassOrder } from '../../runtime/data/class_order.js'
import { targetsOf } from '../../runtime/data/label_inputs.js'
import { openDataSet } from '../../runtime/data/open.js'
import { findImages } from '../../runtime/data/walk.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { type Answer, argMax, type Predictor, predictsClasses } from '../../runtime/inference/answer.js'
import { type AnswerMetrics, AnswersCounter, metricTexts, scoreOf } from '../../runtime/inference/answer_metrics.js'
import { areaUnderRoc } from '../../runtime/inference/auroc.js'
import { calibrationBins } from '../../runtime/inference/calibration.js'
import { type Evaluation, EvaluationCounter, top1Text } from '../../runtime/inference/evaluate.js'
import { openPredictor } from '../../runtime/inference/open.js'
import { type PairedDifference, pairedDifference } from '../../runtime/inference/paired.js'
import { DeclaredLabels } from '../../runtime/specs/declared_labels.js'
import type { Io } from '../io.js'
import { answersTo } from './answers.js'
import { requireClasses } from './class_models.js'
import {
  type EvaluationSplit,
  mayHaveSeen,
  openEvaluationData,
  type TrainingData,
  trainingDataOf,
} from './evaluation_data.js'
import { imagesInUse, runInUse } from './run_in_use.js'
import { requireSameClasses } from './same_classes.js'
import { specHost } from './spec.js'

export interface EvaluateOptions {
  readonly data?: string
  /** By default the validation split of the data set that the model was trained on, and all images of any other one. */
  readonly split?: EvaluationSplit
  readonly engine?: EngineName
  readonly weights?: string
  readonly weightsEntry?: string
  readonly set?: ModelSettings
  readonly maxUnreadable: number
  /** The order of classes for a spec, which has no class names. */
  readonly classOrder?: ClassOrder
  /** Another run or file to compare with, on the same images. */
  readonly compare?: string
  /** A folder of images that are of none of the classes. */
  readonly unknown?: string
}

type EvaluateRequest = EvaluateOptions & { readonly data: string }

/** Metrics of detecting images of unknown classes. Shares are between 0 and 1. */
interface UnknownClasses {
  readonly images: number
  /** The AUROC of the largest probability for known against unknown classes. */
  readonly auroc: number
  /** The share of the split's images that are accepted, and of the others that are rejected. Absent without a calibration. */
  readonly knownKept?: number
  readonly unknownRejected?: number
}

/** The metrics of one model on the split. */
interface Counted {
  /** The metrics of class probabilities, if the model predicts them. */
  readonly evaluation?: Evaluation
  /** By prediction, if there are others than a single class. */
  readonly metrics?: Readonly<Record<string, AnswerMetrics>>
  /** Whether the prediction was right, in the order of the images that could be read. */
  readonly right: readonly boolean[]
  readonly skipped: number
  /** For a folder of images of no known class. */
  readonly unknownClasses?: UnknownClasses
  readonly millisecondsPerImage: number
  readonly split: EvaluationSplit
  readonly classes: readonly string[]
  readonly signature?: Signature | undefined
}

/** @param given a run, an exported file or a spec; the last run here without */
export async function evaluateModel(given: string | undefined, options: EvaluateOptions, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  const request = { ...options, data: await imagesInUse(options.data, source, io) }
  const { compare } = request
  const trained = await trainingDataOf(source)
  const counted = await count(source, request, trained, io)
  const { evaluation, metrics, right, split, signature: _signature, ...rest } = counted
  if (evaluation) io.printText(evaluationText(evaluation, counted.millisecondsPerImage))
  else io.print(`${right.length} images, ${counted.millisecondsPerImage.toFixed(0)} ms each`)
  if (metrics) io.printText(metricsText(metrics))
  const score = metrics && scoreOf(metrics)
  const measured = {
    ...(evaluation ?? { images: right.length }),
    ...(metrics && { answers: metrics }),
    ...(score && { score }),
  }
  if (counted.unknownClasses) io.print(unknownText(counted.unknownClasses))
  if (compare === undefined) {
    io.json({ ok: true, split, ...rest, ...measured })
    return 0
  }
  requireClasses(source, counted.signature)
  const { weights: _, weightsEntry: __, set: ___, unknown: ____, ...same } = request
  const other = await count(compare, { ...same, split }, trained, io)
  requireClasses(compare, other.signature)
  if (!other.evaluation) throw new Error(`${compare} was not measured`)
  requireSameClasses({ source, classes: counted.classes }, { source: compare, classes: other.classes })
  const compared = pairedDifference(right, other.right)
  io.printText(comparisonText(compared, compare, other.evaluation))
  io.json({
    ok: true,
    split,
    ...rest,
    ...measured,
    compared: { with: compare, top1: other.evaluation.top1, ...compared },
  })
  return 0
}

async function count(
  source: string,
  request: EvaluateRequest,
  trained: TrainingData | undefined,
  io: Io,
): Promise<Counted> {
  const { data: folder, split: chosen, engine, weights, weightsEntry, set, maxUnreadable, classOrder } = request
  // A spec has no class names, so those of the data are used.
  const declared = source.endsWith('.wsban') ? DeclaredLabels.ofFile(source) : undefined
  const named =
    declared && (await openDataSet(folder, { seed: 1, ...(classOrder && { classOrder }), labels: declared.wanted() }))
  const settings = named ? declared.settings(set ?? {}, named) : set
  const predictor = await openPredictor(source, engine, specHost(io), {
    ...(weights !== undefined && { weights }),
    ...(weightsEntry !== undefined && { weightsEntry }),
    ...(settings && { set: settings }),
    ...(named && {
      classes: named.classes,
      labelNames: Object.fromEntries((named.labels ?? []).map(({ name, names }) => [name, names])),
    }),
  })
  const images = await openEvaluationData(folder, predictor, trained, chosen)
  const { data, split, samples, own } = images
  for (const note of data.notes) io.reporter.say(note)
  const seen = mayHaveSeen(images, folder, trained, { source, trained: await trainingDataOf(source) })
  if (seen !== undefined) io.reporter.warn(seen)
  if (split === 'all' && !own)
    io.reporter.say(
      `${folder} is not the data set that ${source} was trained on: all ${samples.length} images are evaluated`,
    )
  const { signature } = predictor
  if (request.unknown !== undefined) requireClasses(source, signature)
  const counter = predictsClasses(signature) ? new EvaluationCounter(predictor.classes, signature) : undefined
  const others = signature && new AnswersCounter(signature, predictor.labelNames ?? {})
  const right: boolean[] = []
  const answers: Answer[] = []
  const start = performance.now()
  for await (const { sample, answer, truth } of answersTo(samples, predictor, io, maxUnreadable)) {
    counter?.add(answer, truth)
    others?.add(answer, targetsOf(sample, signature))
    right.push(argMax(answer.probabilities) === sample.label)
    if (request.unknown !== undefined) answers.push(answer)
  }
  const millisecondsPerImage = (performance.now() - start) / samples.length
  const { classes } = predictor
  const unknownClasses =
    request.unknown === undefined ? undefined : await tellApart(answers, request.unknown, predictor, io)
  await predictor.close()
  const skipped = samples.length - right.length
  return {
    ...(counter && { evaluation: counter.result() }),
    ...(others && { metrics: others.result() }),
    right,
    skipped,
    millisecondsPerImage,
    classes,
    signature,
    split,
    ...(unknownClasses && { unknownClasses }),
  }
}

/** @throws Failure `no-images` */
async function tellApart(
  known: readonly Answer[],
  folder: string,
  predictor: Predictor,
  io: Io,
): Promise<UnknownClasses> {
  const samples = (await findImages(folder)).images.map((path) => ({ path: join(folder, path), label: -1 }))
  const unknown: Answer[] = []
  for await (const { answer } of answersTo(samples, predictor, io)) unknown.push(answer)
  if (known.length === 0 || unknown.length === 0)
    throw new Failure({
      code: 'no-images',
      message: `${folder} has no images that can be read`,
      help: 'give a folder with images of other things than the classes',
      path: folder,
    })
  const sure = (answers: readonly Answer[]) => answers.map(({ probabilities }) => Math.max(...probabilities))
  const share = (answers: readonly Answer[], value: boolean) =>
    answers.filter((answer) => answer.known === value).length / answers.length
  return {
    images: unknown.length,
    auroc: areaUnderRoc(sure(known), sure(unknown)),
    ...(predictor.calibration && { knownKept: share(known, true), unknownRejected: share(unknown, false) }),
  }
}

function unknownText({ images, auroc, knownKept, unknownRejected }: UnknownClasses): string {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`
  const rule =
    knownKept === undefined || unknownRejected === undefined
      ? 'wsban calibrate sets a threshold'
      : `${percent(unknownRejected)} of them rejected, ${percent(knownKept)} of the known images kept`
  return `${images} images of no known class: AUROC ${auroc.toFixed(3)}; ${rule}`
}

function comparisonText(
  { difference, interval, onlyFirst, onlySecond, pValue }: PairedDifference,
  compare: string,
  other: Evaluation,
): string {
  const points = (share: number) => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`
  const [low, high] = interval
  return [
    `against ${compare} (${top1Text(other)}), on the same images:`,
    `  top-1 ${points(difference)} points, 95 % confidence interval ${points(low)} to ${points(high)} (bootstrap)`,
    `  ${onlyFirst} ${onlyFirst === 1 ? 'image' : 'images'} classified correctly only by this one, ${onlySecond} only by the other; p = ${pValue.toPrecision(2)} (McNemar)`,
  ]
    .map(safeLine)
    .join('\n')
}

/** The metrics of each prediction, and of each label. */
function metricsText(metrics: Readonly<Record<string, AnswerMetrics>>): string {
  const lines = Object.entries(metrics).flatMap(([name, one]) => {
    const own = `${name}: ${metricTexts(one)
      .map(([metric, value]) => `${metric} ${value}`)
      .join(', ')}`
    if (one.kind !== 'labels') return [own]
    const width = Math.max(...one.perLabel.map((label) => label.name.length))
    return [
      own,
      ...one.perLabel.map(
        (label) =>
          `  ${label.name.padEnd(width)}  ${String(label.images).padStart(4)} images, average precision ${label.averagePrecision?.toFixed(3) ?? 'not defined'}, F1 ${label.f1.toFixed(3)}`,
      ),
    ]
  })
  return lines.map(safeLine).join('\n')
}

function evaluationText(evaluation: Evaluation, milliseconds: number): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const width = Math.max(...evaluation.perClass.map(({ name }) => name.length))
  const classes = evaluation.perClass.map(
    ({ name, images, correct }) => `  ${name.padEnd(width)}  ${String(correct).padStart(4)} of ${images}`,
  )
  const { localisation, discriminativePart } = evaluation
  return [
    `${evaluation.images} images, ${milliseconds.toFixed(0)} ms each`,
    `top-1: ${top1Text(evaluation)}`,
    ...(evaluation.perClass.length > 5 ? [`top-5: ${percent(evaluation.top5)}`] : []),
    ...(evaluation.early === undefined
      ? []
      : [`cascade: ${percent(evaluation.early)} of the images keep the first prediction`]),
    `calibration error: ${percent(evaluation.calibrationError)} between confidence and accuracy (${calibrationBins} bins)`,
    ...(localisation
      ? [
          `crop against annotated box: mean IoU ${percent(localisation.meanIou)}, at least 0.5 for ${percent(localisation.over50)} of crops (mean IoU of the whole image: ${percent(localisation.wholeImageIou)})${localisation.pointsInside === undefined ? '' : `, ${percent(localisation.pointsInside)} of the annotated parts inside`}`,
        ]
      : []),
    ...(discriminativePart
      ? [
          `discriminative part: ${percent(discriminativePart.captured)} of crops capture its centre (by chance ${percent(discriminativePart.byChance)}); a crop covers ${percent(discriminativePart.cropArea)} of the image`,
        ]
      : []),
    'correct, by class:',
    ...classes,
  ]
    .map(safeLine)
    .join('\n')
}
