import { resolve } from 'node:path'
import { elementAt } from '../../../grammar/present.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { Failure } from '../../../runtime/failure.js'
import { writeAtomically } from '../../../runtime/files.js'
import { holmCorrection } from '../../../runtime/inference/holm.js'
import { pairedDifference } from '../../../runtime/inference/paired.js'
import type { ComparedPair, DecidingImages } from '../../../runtime/report/compared.js'
import { renderComparison } from '../../../runtime/report/comparison_page.js'
import { significance } from '../../../runtime/report/comparison_sentences.js'
import { bestRuns } from '../../../runtime/report/comparison_table.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import type { Io } from '../../io.js'
import { type EvaluationData, type EvaluationSplit, mayHaveSeen, openEvaluationData } from '../evaluation_data.js'
import { imagesInUse } from '../run_in_use.js'
import { requireSameClasses } from '../same_classes.js'
import { comparisonText } from './comparison_text.js'
import { DecidingImageFinder } from './deciding_images.js'
import { type MeasuredModel, measureModel } from './measured_model.js'
import { openStoredModel, type StoredModel } from './stored_model.js'

export interface CompareOptions {
  /** The page to write, if any. */
  readonly out?: string
  /** By default the images of the first run. */
  readonly data?: string
  /** By default the validation split of the data set that a model was trained on, and all images of any other one. */
  readonly split?: EvaluationSplit
  readonly engine?: EngineName
  readonly maxUnreadable: number
}

/**
 * Compares runs and exported files on the same images: a table, and paired tests.
 *
 * @throws Failure `wrong-usage`, `classes-do-not-fit`, `no-images`, `images-unreadable`, `cannot-write`, and those of opening a run
 */
export async function compareRuns(sources: readonly string[], options: CompareOptions, io: Io): Promise<number> {
  requireSeveral(sources)
  const stored: StoredModel[] = []
  for (const source of sources) stored.push(await openStoredModel(source, io))
  const first = elementAt(stored, 0)
  for (const other of stored.slice(1)) requireSameClasses(first, other)
  const folder = await imagesInUse(options.data, sources.find(RunFolder.exists) ?? first.source, io)
  const { images, warnings } = await openSharedImages(folder, stored, options.split)
  for (const note of images.data.notes) io.reporter.say(note)
  for (const warning of warnings) io.reporter.warn(warning)

  const models = await measureAll(stored, images, options, io)
  const pairs = pairsOf(models)
  const compared = pairs.map(({ pair }) => pair)
  io.printText(comparisonText(models, compared))
  const imageCount = elementAt(models, 0).outcomes.length
  if (options.out !== undefined) {
    const page = renderComparison({
      models,
      pairs: compared,
      images: await decidingImages(pairs, images),
      curves: stored.flatMap(({ source, curve }) => (curve.length === 0 ? [] : [{ name: source, points: curve }])),
      data: folder,
      split: images.split,
      imageCount,
      notes: warnings,
    })
    await writeAtomically(options.out, page)
    io.print(`wrote ${options.out}: open it in a browser`)
  }
  io.json({
    ok: true,
    data: folder,
    split: images.split,
    images: imageCount,
    skipped: images.samples.length - imageCount,
    models: models.map(({ outcomes: _, evaluation, ...model }) => {
      const { top1, top5, calibrationError } = evaluation
      return { ...model, top1, top5, calibrationError }
    }),
    best: bestRuns(models),
    pairs: compared.map((pair) => ({ ...pair, beyondChance: pair.correctedPValue < significance })),
    warnings,
    ...(options.out !== undefined && { path: options.out }),
  })
  return 0
}

function requireSeveral(sources: readonly string[]): void {
  const places = sources.map((source) => resolve(source))
  const twice = sources.find((_, index) => places.indexOf(elementAt(places, index)) !== index)
  if (sources.length > 1 && twice === undefined) return
  throw new Failure({
    code: 'wrong-usage',
    message: twice === undefined ? 'one model alone cannot be compared' : `${twice} is named twice`,
    help: 'name two or more different runs or exported files: wsban compare runs/a runs/b',
    exit: 2,
  })
}

interface SharedImages {
  readonly images: EvaluationData
  /** One for each model that may have been trained on some of the images. */
  readonly warnings: readonly string[]
}

/** Opens the images as those of the first model that was trained on them, whose seed then holds out the validation split. */
async function openSharedImages(
  folder: string,
  models: readonly StoredModel[],
  split: EvaluationSplit | undefined,
): Promise<SharedImages> {
  const opened: EvaluationData[] = []
  for (const model of models) opened.push(await openEvaluationData(folder, model, model.trained, split))
  const chosen = Math.max(
    0,
    opened.findIndex(({ own }) => own),
  )
  const images = elementAt(opened, chosen)
  const { trained } = elementAt(models, chosen)
  const trainedOnThem = models.filter((_, index) => elementAt(opened, index).own)
  return { images, warnings: trainedOnThem.flatMap((model) => mayHaveSeen(images, folder, trained, model) ?? []) }
}

/** Sequentially, on the images that the first model could read, so that all models have the same ones. */
async function measureAll(
  stored: readonly StoredModel[],
  { samples }: EvaluationData,
  { engine, maxUnreadable }: CompareOptions,
  io: Io,
): Promise<MeasuredModel[]> {
  const first = await measureModel(elementAt(stored, 0), samples, engine, maxUnreadable, io)
  const readable = first.outcomes.map(({ sample }) => sample)
  const models = [first]
  for (const model of stored.slice(1)) models.push(await measureModel(model, readable, engine, 0, io))
  return models
}

interface MeasuredPair {
  readonly pair: ComparedPair
  readonly first: MeasuredModel
  readonly second: MeasuredModel
}

/** Every pair, in the order of the models. */
function pairsOf(models: readonly MeasuredModel[]): MeasuredPair[] {
  const right = ({ outcomes }: MeasuredModel) => outcomes.map((outcome) => outcome.right)
  const pairs = models.flatMap((first, index) =>
    models
      .slice(index + 1)
      .map((second) => ({ first, second, difference: pairedDifference(right(first), right(second)) })),
  )
  const corrected = holmCorrection(pairs.map(({ difference }) => difference.pValue))
  return pairs.map(({ first, second, difference }, index) => ({
    first,
    second,
    pair: { first: first.run, second: second.run, ...difference, correctedPValue: elementAt(corrected, index) },
  }))
}

async function decidingImages(pairs: readonly MeasuredPair[], { data }: EvaluationData): Promise<DecidingImages[]> {
  const finder = new DecidingImageFinder(data)
  const found: DecidingImages[] = []
  for (const { pair, first, second } of pairs)
    found.push({
      pair,
      onlyFirst: await finder.find(first.outcomes, second.outcomes),
      onlySecond: await finder.find(second.outcomes, first.outcomes),
    })
  return found
}
