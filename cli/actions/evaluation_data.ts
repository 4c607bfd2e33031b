import { resolve } from 'node:path'
import { type DataSet, type Sample, splitNames } from '../../runtime/data/dataset.js'
import { fingerprintOf } from '../../runtime/data/fingerprint.js'
import { dataOptions } from '../../runtime/data/model_data.js'
import { openDataSet } from '../../runtime/data/open.js'
import { Failure } from '../../runtime/failure.js'
import type { Predictor } from '../../runtime/inference/answer.js'
import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'

/** The data that a model was trained on, as a run or an exported file stores it. */
export interface TrainingData {
  /** The seed that held out the validation split: with another one, it would contain training images. */
  readonly seed: number
  /** The share that was held out, if not the default. */
  readonly holdOut?: number
  readonly folder?: string
  /** The fingerprint of the training images. */
  readonly samples?: string
}

/** Returns undefined for a spec, which was not trained. */
export async function trainingDataOf(source: string): Promise<TrainingData | undefined> {
  if (source.endsWith('.onnx')) {
    const { seed, samples, hold_out: heldOut } = await readOnnxMetadata(source)
    const [kept, share] = [Number(seed), Number(heldOut)]
    return {
      seed: Number.isSafeInteger(kept) && kept >= 0 ? kept : 1,
      ...(samples !== undefined && { samples }),
      ...(share >= 0 && share < 1 && { holdOut: share }),
    }
  }
  if (!RunFolder.exists(source)) return undefined
  return trainingDataOfRun(await RunFolder.open(source))
}

export function trainingDataOfRun(run: RunFolder): TrainingData {
  const { seed, samples, holdOut } = run.info
  return {
    seed,
    folder: dataOf(run),
    ...(samples !== undefined && { samples }),
    ...(holdOut !== undefined && { holdOut }),
  }
}

export const evaluationSplits = [...splitNames, 'all'] as const
export type EvaluationSplit = (typeof evaluationSplits)[number]

export interface EvaluationData {
  readonly data: DataSet
  readonly split: EvaluationSplit
  readonly samples: readonly Sample[]
  /** Whether these are the images that the model was trained on; true if that is not known. */
  readonly own: boolean
}

/**
 * Opens the images to evaluate a model on: those of the split or, without one, the validation split of the data set that it was trained on,
 * and all images of any other data set.
 *
 * @throws Failure of `openDataSet`, `no-images`
 */
export async function openEvaluationData(
  folder: string,
  { classes, labelNames, signature }: Pick<Predictor, 'classes' | 'signature' | 'labelNames'>,
  trained: TrainingData | undefined,
  chosen: EvaluationSplit | undefined,
): Promise<EvaluationData> {
  const seed = trained?.seed ?? 1
  const options = dataOptions({ classes, labelNames, seed, holdOut: trained?.holdOut }, signature)
  const data = await openDataSet(folder, options)
  const own = isOwn(folder, data, trained)
  const split = chosen ?? (own ? 'val' : 'all')
  // In a data set that the model was not trained on, nothing is held out.
  const used = own || split !== 'all' ? data : await openDataSet(folder, { ...options, holdOut: 0 })
  const samples = split === 'all' ? splitNames.flatMap((name) => used.splits[name]) : used.splits[split]
  if (samples.length === 0)
    throw new Failure({
      code: 'no-images',
      message: split === 'all' ? `${folder} has no images` : `${folder} has no ${split} images`,
      help: 'choose another --split',
      path: folder,
    })
  return { data: used, split, samples, own }
}

/**
 * Returns a warning if a model may have been trained on some of the images: the data set is evaluated whole, or its validation split was
 * held out by a seed other than the model's.
 *
 * @param opened what the images were opened for
 */
export function mayHaveSeen(
  { data, split, own }: EvaluationData,
  folder: string,
  opened: TrainingData | undefined,
  { source, trained }: { readonly source: string; readonly trained: TrainingData | undefined },
): string | undefined {
  if (split === 'all')
    return own ? `${folder} is evaluated whole, with the images that ${source} was trained on` : undefined
  if (data.holdOut !== true || (trained?.seed === opened?.seed && trained?.holdOut === opened?.holdOut))
    return undefined
  return `${source} was trained with another seed or share of held-out images: it may have seen some of these images`
}

function isOwn(folder: string, data: DataSet, trained: TrainingData | undefined): boolean {
  if (!trained || (trained.folder === undefined && trained.samples === undefined)) return true
  if (trained.folder !== undefined && resolve(trained.folder) === resolve(folder)) return true
  return trained.samples === fingerprintOf(data)
}
