import { relative } from 'node:path'
import type { Signature } from '../../../compiler/graph/signature.js'
import { elementAt } from '../../../grammar/present.js'
import type { DataSet, Sample } from '../../../runtime/data/dataset.js'
import { targetsOf } from '../../../runtime/data/label_inputs.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { type Answer, argMax, classLogits, predictsClasses } from '../../../runtime/inference/answer.js'
import { AnswersCounter } from '../../../runtime/inference/answer_metrics.js'
import { type Evaluation, EvaluationCounter } from '../../../runtime/inference/evaluate.js'
import { doubtfulLabels } from '../../../runtime/inference/label_doubt.js'
import { openPredictor } from '../../../runtime/inference/open.js'
import { pairedDifference } from '../../../runtime/inference/paired.js'
import { confusedPairs } from '../../../runtime/report/confused_pairs.js'
import type {
  BaselineDifference,
  BranchDifference,
  ConfusedPair,
  DataSummary,
  ReportData,
} from '../../../runtime/report/data.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import type { Io } from '../../io.js'
import { type Answered, answersTo } from '../answers.js'
import { requireClasses } from '../class_models.js'
import { requireSameClasses } from '../same_classes.js'
import { specHost } from '../spec.js'
import { drawAnswers, imagesOfPair } from './shown_images.js'

/** The number of example images, so that a report is small enough to send. */
const shownExamples = 24
const shownMistakes = 12
const examplesOfClass = 2
const shownPairs = 8
const imagesOfEachPair = 3
const shownDoubtful = 10

/** The part of a report that is measured on the images. */
export interface Measured
  extends Pick<
      ReportData,
      'evaluation' | 'answers' | 'doubtful' | 'differences' | 'baseline' | 'examples' | 'mistakes' | 'confused'
    >,
    Required<Pick<ReportData, 'data'>> {
  readonly millisecondsPerImage: number
}

export interface MeasureRequest {
  readonly engine?: EngineName
  /** Another run to compare with, on the same images. */
  readonly baseline?: string
}

/**
 * Evaluates the best checkpoint on the validation images, and draws some of the answers.
 *
 * @throws Failure `classes-do-not-fit` for a baseline of other classes
 */
export async function measureRun(
  source: string,
  data: DataSet,
  { engine, baseline }: MeasureRequest,
  io: Io,
): Promise<Measured> {
  const seen: Answered[] = []
  const began = performance.now()
  const predictor = await openPredictor(source, engine, specHost(io))
  const { signature } = predictor
  const counter = new EvaluationCounter(data.classes, signature)
  const classifies = predictsClasses(signature)
  const answers = signature && new AnswersCounter(signature, predictor.labelNames ?? {})
  try {
    for await (const one of answersTo(data.splits.val, predictor, io)) {
      answers?.add(one.answer, targetsOf(one.sample, signature))
      if (classifies) counter.add(one.answer, one.truth)
      seen.push({ ...one, answer: { ...one.answer, logits: classLogits(one.answer, signature) } })
    }
  } finally {
    await predictor.close()
  }
  const millisecondsPerImage = (performance.now() - began) / Math.max(1, seen.length)
  const measured = answers && seen.length > 0 ? { images: seen.length, metrics: answers.result() } : undefined
  if (!classifies) {
    requireNoBaseline(source, signature, baseline)
    return {
      ...(measured && { answers: measured }),
      data: summaryOf(data),
      differences: [],
      examples: [],
      mistakes: [],
      confused: [],
      millisecondsPerImage,
    }
  }
  const evaluation = counter.result()
  const right = seen.map(isRight)
  const compared = baseline === undefined ? undefined : await compare(source, baseline, right, data, engine, io)
  return {
    evaluation,
    ...(measured && { answers: measured }),
    data: summaryOf(data),
    differences: differencesOf(seen),
    ...(compared && { baseline: compared }),
    examples: await drawAnswers(chooseExamples(seen), data),
    mistakes: await drawAnswers(chooseMistakes(seen), data),
    confused: await confusedOf(evaluation, seen, data),
    doubtful: doubtOf(seen, data),
    millisecondsPerImage,
  }
}

/** @throws Failure `no-class-probabilities` for a comparison of models that predict no classes */
function requireNoBaseline(source: string, signature: Signature | undefined, baseline: string | undefined): void {
  if (baseline !== undefined) requireClasses(source, signature)
}

/** Labels of the images that are probably wrong. */
function doubtOf(seen: readonly Answered[], { classes, root }: DataSet): NonNullable<ReportData['doubtful']> {
  const found = doubtfulLabels(
    seen.map(({ sample, answer }) => ({
      image: relative(root, sample.path),
      label: sample.label,
      probabilities: answer.probabilities,
    })),
  )
  return {
    count: found.length,
    labels: found
      .slice(0, shownDoubtful)
      .map(({ image, label, suggested, labelProbability, suggestedProbability }) => ({
        name: image,
        label: elementAt(classes, label),
        suggested: elementAt(classes, suggested),
        labelProbability,
        suggestedProbability,
      })),
  }
}

const isRight = ({ answer, sample }: Answered) => argMax(answer.probabilities) === sample.label

async function compare(
  source: string,
  baseline: string,
  right: readonly boolean[],
  data: DataSet,
  engine: EngineName | undefined,
  io: Io,
): Promise<BaselineDifference | undefined> {
  if (data.holdOut && RunFolder.exists(baseline)) {
    const [own, other] = await Promise.all([source, baseline].map(async (run) => (await RunFolder.open(run)).info))
    if (own?.seed !== other?.seed || own?.holdOut !== other?.holdOut)
      io.reporter.warn(
        `${baseline} was trained with another seed or share of held-out images: it may have seen some of these images`,
      )
  }
  const predictor = await openPredictor(baseline, engine, specHost(io))
  const other: boolean[] = []
  try {
    requireSameClasses({ source, classes: data.classes }, { source: baseline, classes: predictor.classes })
    for await (const one of answersTo(data.splits.val, predictor, io)) other.push(isRight(one))
  } finally {
    await predictor.close()
  }
  if (other.length === 0) return undefined
  const top1 = other.filter(Boolean).length / other.length
  return { name: baseline, top1, ...pairedDifference(right, other) }
}

function summaryOf({ classes, splits, notes, holdOut }: DataSet): DataSummary {
  if (classes.length === 0) {
    const { train, val, test } = splits
    const unclassified = { train: train.length, val: val.length, test: test.length }
    return { classes: [], unclassified, notes, heldOut: holdOut === true }
  }
  const countOf = (samples: readonly Sample[]) => {
    const counts = classes.map(() => 0)
    for (const { label } of samples) counts[label] = elementAt(counts, label) + 1
    return counts
  }
  const [train, val, test] = [countOf(splits.train), countOf(splits.val), countOf(splits.test)]
  const counted = classes.map((name, index) => ({
    name,
    images: { train: elementAt(train, index), val: elementAt(val, index), test: elementAt(test, index) },
  }))
  return { classes: counted, notes, heldOut: holdOut === true }
}

/** Compares the joint prediction with each branch. */
function differencesOf(seen: readonly Answered[]): BranchDifference[] {
  const right = (values: (answer: Answer) => Float32Array) =>
    seen.map(({ answer, sample }) => argMax(values(answer)) === sample.label)
  const names = Object.keys(seen[0]?.answer.logits ?? {})
  if (names.length < 2) return []
  const joint = right(({ probabilities }) => probabilities)
  return names.map((branch) => ({
    branch,
    ...pairedDifference(
      joint,
      right(({ logits }) => logits[branch] ?? new Float32Array()),
    ),
  }))
}

/** Returns some of each class; with many classes one each of some, spread over all. */
function chooseExamples(seen: readonly Answered[]): Answered[] {
  const ofClass = new Map<number, Answered[]>()
  for (const one of seen) ofClass.set(one.sample.label, [...(ofClass.get(one.sample.label) ?? []), one])
  const classes = [...ofClass.entries()].sort(([a], [b]) => a - b).map(([, answers]) => answers)
  const each = Math.max(1, Math.min(examplesOfClass, Math.floor(shownExamples / classes.length)))
  return spread(classes, shownExamples).flatMap((answers) => spread(answers, each))
}

/** Returns wrong predictions, the most confident first. */
function chooseMistakes(seen: readonly Answered[]): Answered[] {
  const surety = ({ answer, sample }: Answered) =>
    elementAt(answer.probabilities, argMax(answer.probabilities)) - elementAt(answer.probabilities, sample.label)
  const wrong = seen.filter((one) => surety(one) > 0).sort((a, b) => surety(b) - surety(a))
  return wrong.slice(0, shownMistakes)
}

/** At most `most` of the values, evenly apart. */
function spread<T>(values: readonly T[], most: number): T[] {
  const count = Math.min(values.length, most)
  return Array.from({ length: count }, (_, index) => elementAt(values, Math.floor((index * values.length) / count)))
}

/** Sequentially, since each image is decoded at its full size. */
async function confusedOf(evaluation: Evaluation, seen: readonly Answered[], data: DataSet): Promise<ConfusedPair[]> {
  const pairs: ConfusedPair[] = []
  for (const { truth, predicted, count, total } of confusedPairs(evaluation.confusion, shownPairs)) {
    const samples = seen
      .filter(({ sample, answer }) => sample.label === truth && argMax(answer.probabilities) === predicted)
      .map(({ sample }) => sample)
    pairs.push({
      truth: elementAt(data.classes, truth),
      predicted: elementAt(data.classes, predicted),
      count,
      total,
      images: await imagesOfPair(samples.slice(0, imagesOfEachPair), data),
    })
  }
  return pairs
}
