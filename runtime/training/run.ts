import type { DataSet } from '../data/dataset.js'
import { fingerprintOf } from '../data/fingerprint.js'
import { labelNamesOf } from '../data/label_inputs.js'
import type { Model } from '../model.js'
import { packageVersion } from '../package_version.js'
import type { Reporter } from '../reporter.js'
import { dataSeenFrom } from '../runs/find.js'
import { RunFolder } from '../runs/folder.js'
import type { RunInfo } from '../runs/info.js'
import type { StoredSpec } from '../specs/stored.js'
import { checkEpochs, checkSame, checkSampler } from './checks.js'

/** Options of a run that do not depend on the engine. */
export interface RunRequest {
  readonly data: string
  readonly out: string
  readonly seed: number
  /** The share of train that the data set was opened with, if it is not the usual one. */
  readonly holdOut?: number
  readonly epochs?: number
  readonly batch?: number
  /** A file, a run or a published name of initial weights, instead of the spec's; `none` for random initialisation. */
  readonly weights?: string
  /** The entry of that file that holds them. */
  readonly weightsEntry?: string
  /** The checkpoint to resume from, instead of the last. */
  readonly from?: string
  /** Minutes between checkpoints within an epoch; 0 for none. */
  readonly saveEvery?: number
  /** How many epoch checkpoints are kept besides the best and the last one. */
  readonly keep?: number
  readonly workers?: number
  readonly mostUnreadable?: number
  readonly reporter: Reporter
}

export function newRun(model: Model, spec: StoredSpec, data: DataSet, request: RunRequest, engine: string): RunInfo {
  const { plan } = model
  const { seed } = request
  return {
    wsban: packageVersion(),
    model: model.name,
    spec,
    classes: [...data.classes],
    ...(model.signature && { labelNames: labelNamesOf(data, model.signature) }),
    data: request.data,
    dataFromRun: dataSeenFrom(request.out, request.data),
    samples: fingerprintOf(data),
    seed,
    ...(request.holdOut !== undefined && { holdOut: request.holdOut }),
    epochs: request.epochs ?? plan.epochs,
    batch: request.batch ?? plan.batch,
    engine,
    saveEvery: request.saveEvery ?? 10,
    keep: request.keep ?? 0,
    kept: [],
    ...(request.weights !== undefined && { weights: request.weights }),
  }
}

/** Warns that a run continues with another engine than it was started with. */
export function warnOfNewEngine(before: string, now: string, reporter: Reporter): void {
  if (now !== before)
    reporter.warn(`the run was started with ${before}: from here on results may differ in the last digits`)
}

/** Resumes a run with its own settings; the epochs and lines of the train block may be changed. */
export async function reopen(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: RunRequest,
): Promise<{ readonly run: RunFolder; readonly changed: boolean }> {
  const { reporter, out, from } = request
  const run = await RunFolder.open(out)
  const { info } = run
  checkSame(run, spec, request)
  checkSampler(model.plan, info.batch, data, request.data)
  if (from !== undefined) await run.goBackTo(from)
  if (request.epochs !== undefined) await checkEpochs(run, request.epochs)
  if (info.samples !== undefined && info.samples !== fingerprintOf(data))
    reporter.warn(
      `the images are not those that the run was started with: results differ from those of an uninterrupted run`,
    )
  const changed = spec.train?.join('\n') !== info.spec.train?.join('\n')
  if (changed) reporter.warn(`resuming with other settings: ${spec.train?.join(', ')}`)
  await run.resume({
    data: request.data,
    dataFromRun: dataSeenFrom(out, request.data),
    ...(changed && { spec }),
    ...(request.epochs !== undefined && { epochs: request.epochs }),
    ...(request.saveEvery !== undefined && { saveEvery: request.saveEvery }),
    ...(request.keep !== undefined && { keep: request.keep }),
  })
  return { run, changed }
}

/** `200 classes`, `200 species, 30 family, 12 traits, 1 value of weight` */
function labelsText({ classes, labels }: DataSet): string {
  if (!labels) return `${classes.length} classes`
  return labels
    .map(({ name, kind, size }) => `${size} ${kind === 'Value' ? `${size === 1 ? 'value' : 'values'} of ` : ''}${name}`)
    .join(', ')
}

/** The summary printed before training begins. */
export function introduce(model: Model, data: DataSet, engine: string, reporter: Reporter): void {
  const { train: training, val } = data.splits
  reporter.say(
    `${model.name}: ${labelsText(data)}, ${training.length} training images, ${val.length} validation images · ${engine}`,
  )
}

/** Describes the position of a resumed run. */
export function standing(
  { epoch, stepInEpoch, stale }: { readonly epoch: number; readonly stepInEpoch: number; readonly stale: number },
  { patience }: Model['plan'],
  epochs: number,
): string {
  if (patience > 0 && stale >= patience)
    return `stopped early: ${stale} epochs without a better validation top-1; --train patience=0 continues`
  if (epoch >= epochs) return `all ${epochs} epochs are done; a larger --epochs continues`
  return `resuming after ${stepInEpoch > 0 ? `step ${stepInEpoch} of epoch ${epoch + 1}` : `epoch ${epoch}`}`
}
