import type { DataSet } from '../data/dataset.js'
import { fingerprintOf } from '../data/fingerprint.js'
import { type Engine, type EngineName, engineNames, openEngine } from '../engines/index.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { packageVersion } from '../package-root.js'
import type { Reporter } from '../reporter.js'
import type { TrainingState } from '../runs/checkpoint.js'
import { RunFolder } from '../runs/folder.js'
import type { StoredSpec } from '../specs/stored.js'
import { initialWeights } from '../weights/begin.js'
import { balancedWeights } from './class_weights.js'
import { listenForInterrupt } from './interrupt.js'
import { Learner, type LearnerOptions } from './learner.js'
import type { StepProfile } from './profile.js'
import { beginning, type TrainOptions, type TrainResult, train } from './train.js'

export interface TrainingRequest {
  readonly data: string
  readonly out: string
  readonly seed: number
  readonly epochs?: number
  readonly batch?: number
  readonly engine?: EngineName
  readonly resume: boolean
  /** A file, a run or a published name to begin from, instead of what the spec names; `none` for the seed alone. */
  readonly weights?: string
  /** Minutes between checkpoints within an epoch; 0 for none. */
  readonly saveEvery?: number
  /** How many ends of epochs are kept beside the best and the last checkpoint. */
  readonly keep?: number
  readonly workers?: number
  readonly mostUnreadable?: number
  readonly reporter: Reporter
  readonly locate?: TrainOptions['locate']
  /** Filled while it trains. */
  readonly profile?: StepProfile
}

interface Beginning {
  readonly run: RunFolder
  readonly learner: Learner
  readonly state: TrainingState
}

/** From a folder of pictures and a model to a run: opens the engine, makes or reopens the run's folder, trains. */
export async function startTraining(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: TrainingRequest,
): Promise<{ run: RunFolder; result: TrainResult }> {
  const { reporter, resume, out } = request
  checkData(model, data, request.data)
  if (!resume) checkNew(out)
  for (const note of data.notes) reporter.say(note)
  const fresh = resume ? undefined : await prepare(model, spec, data, request)
  const lock = await RunFolder.lock(out)
  try {
    const begun = fresh ? await begin(model, spec, data, request, fresh) : await goOn(model, spec, data, request)
    const stop = listenForInterrupt(reporter)
    try {
      const { workers, mostUnreadable, locate } = request
      const options = {
        model,
        data,
        reporter,
        interrupted: stop.asked,
        ...(workers !== undefined && { workers }),
        ...(mostUnreadable !== undefined && { mostUnreadable }),
        ...(locate && { locate }),
        ...begun,
      }
      return { run: begun.run, result: await train(options) }
    } finally {
      stop.end()
      begun.learner.dispose()
    }
  } finally {
    await lock.release()
  }
}

function checkData(model: Model, data: DataSet, path: string): void {
  if (model.classes !== data.classes.length)
    throw new Failure({
      code: 'classes-do-not-fit',
      message: `${path} has ${data.classes.length} classes, but the model is made for ${model.classes ?? 0}`,
      help: `leave classes to the data, or set it: --set classes=${data.classes.length}`,
      path,
    })
  if (data.splits.train.length === 0)
    throw new Failure({
      code: 'no-pictures',
      message: `${path} has no pictures to train on`,
      help: 'put them into train/CLASS/',
      path,
    })
}

function checkNew(out: string): void {
  if (RunFolder.exists(out))
    throw new Failure({
      code: 'run-exists',
      message: `${out} holds a run already`,
      help: 'go on with it (--resume), or choose another folder with -o',
      path: out,
      exit: 2,
    })
}

interface Fresh {
  readonly engine: Engine
  readonly learner: Learner
}

/** What may fail comes before the folder is touched. */
async function prepare(model: Model, spec: StoredSpec, data: DataSet, request: TrainingRequest): Promise<Fresh> {
  const { reporter, seed } = request
  const weights = await initialWeights(model, { spec: spec.entry, given: request.weights, reporter })
  const engine = await openEngine(request.engine, reporter)
  return { engine, learner: Learner.begin(learnerOptions(model, data, seed, request.profile), weights) }
}

async function begin(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: TrainingRequest,
  { engine, learner }: Fresh,
): Promise<Beginning> {
  const { reporter, seed, out } = request
  // Another process may have made it while this one waited for the lock.
  checkNew(out)
  const { plan } = model
  const info = {
    wsban: packageVersion(),
    model: model.name,
    spec,
    classes: [...data.classes],
    data: request.data,
    samples: fingerprintOf(data),
    seed,
    epochs: request.epochs ?? plan.epochs,
    batch: request.batch ?? plan.batch,
    engine: engine.name,
    saveEvery: request.saveEvery ?? 10,
    keep: request.keep ?? 0,
    kept: [],
    ...(request.weights !== undefined && { weights: request.weights }),
  }
  const run = await RunFolder.create(out, info, await learner.checkpoint(beginning))
  introduce(model, data, engine.description, reporter)
  return { run, learner, state: beginning }
}

/** The run's own settings hold; more epochs may be asked for. */
async function goOn(model: Model, spec: StoredSpec, data: DataSet, request: TrainingRequest): Promise<Beginning> {
  const { reporter, out } = request
  const run = await RunFolder.open(out)
  const { info } = run
  checkSame(run, spec, request)
  const checkpoint = await run.readCheckpoint('last')
  const { state } = checkpoint
  const engine = await openEngine(request.engine ?? engineNames.find((name) => name === info.engine), reporter)
  if (engine.name !== info.engine)
    reporter.warn(`the run was begun with ${info.engine}: from here on its numbers may differ in their last digits`)
  if (info.samples !== undefined && info.samples !== fingerprintOf(data))
    reporter.warn(
      `the pictures are not those that the run was begun with: it goes on with these, and is not what it would have been`,
    )
  const changed = spec.train?.join('\n') !== info.spec.train?.join('\n')
  if (changed) reporter.warn(`going on with other settings: ${spec.train?.join(', ')}`)
  await run.goOn({
    ...(changed && { spec }),
    ...(request.epochs !== undefined && { epochs: request.epochs }),
    ...(request.saveEvery !== undefined && { saveEvery: request.saveEvery }),
    ...(request.keep !== undefined && { keep: request.keep }),
  })
  if (state.logBytes !== undefined) await run.log.cutTo(state.logBytes)
  if (changed) await run.log.add({ step: state.step, changed: spec.train })
  const learner = Learner.restore(
    learnerOptions(model, data, info.seed, request.profile),
    checkpoint,
    run.weightsPath('last'),
  )
  introduce(model, data, engine.description, reporter)
  const { patience } = model.plan
  reporter.say(
    patience > 0 && state.stale >= patience
      ? `ended early: ${state.stale} epochs without a better val top-1; --train patience=0 goes on`
      : state.epoch >= run.info.epochs
        ? `all ${run.info.epochs} epochs are done; a larger --epochs goes on`
        : `going on after ${state.stepInEpoch > 0 ? `step ${state.stepInEpoch} of epoch ${state.epoch + 1}` : `epoch ${state.epoch}`}`,
  )
  return { run, learner, state }
}

function learnerOptions(model: Model, data: DataSet, seed: number, profile: StepProfile | undefined): LearnerOptions {
  return {
    model,
    seed,
    ...(model.plan.classWeights === 'balanced' && { classWeights: balancedWeights(data) }),
    ...(profile && { profile }),
  }
}

function checkSame({ info }: RunFolder, spec: StoredSpec, { out, batch, weights }: TrainingRequest): void {
  if (weights !== undefined && weights !== info.weights)
    throw new Failure({
      code: 'run-differs',
      message: `${out} goes on from its own weights, not from ${weights}`,
      help: 'leave --weights out, or train anew into another folder',
      path: out,
      exit: 2,
    })
  const text = ({ entry, files, settings }: StoredSpec) => JSON.stringify([files[entry], settings])
  if (text(info.spec) !== text(spec))
    throw new Failure({
      code: 'spec-changed',
      message: `the spec is not the one that ${out} was trained with`,
      help: `train anew into another folder, or resume with ${out}/model.wsban`,
      path: out,
    })
  if (batch !== undefined && batch !== info.batch)
    throw new Failure({
      code: 'run-differs',
      message: `${out} trains with batches of ${info.batch}, not of ${batch}`,
      help: 'leave --batch out, or train anew into another folder',
      path: out,
      exit: 2,
    })
}

function introduce(model: Model, data: DataSet, engine: string, reporter: Reporter): void {
  const { train: training, val } = data.splits
  reporter.say(
    `${model.name}: ${data.classes.length} classes, ${training.length} pictures to train on, ${val.length} to check on · ${engine}`,
  )
}
