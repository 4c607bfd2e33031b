import type { DataSet } from '../data/dataset.js'
import { type Engine, type EngineName, engineNames, openEngine } from '../engines/index.js'
import type { Model } from '../model.js'
import type { TrainingState } from '../runs/checkpoint.js'
import { RunFolder } from '../runs/folder.js'
import { compareImages } from '../runs/images.js'
import type { StoredSpec } from '../specs/stored.js'
import { initialWeights } from '../weights/initial_weights.js'
import { checkData, checkNew, checkSampler } from './checks.js'
import { balancedWeights } from './class_weights.js'
import { listenForInterrupt } from './interrupt.js'
import { Learner, type LearnerOptions } from './learner.js'
import type { StepProfile } from './profile.js'
import { introduce, newRun, type RunRequest, reopen, standing, warnOfNewEngine } from './run.js'
import { beginning, type TrainOptions, type TrainResult, train } from './train.js'

export interface TrainingRequest extends RunRequest {
  readonly engine?: EngineName
  readonly resume: boolean
  readonly locate?: TrainOptions['locate']
  readonly cacheBounds?: TrainOptions['cacheBounds']
  /** Filled during training. */
  readonly profile?: StepProfile
}

interface Beginning {
  readonly run: RunFolder
  readonly learner: Learner
  readonly state: TrainingState
  /** The name of the engine. */
  readonly engine: string
}

/** Trains a model on a data set: opens the engine, creates or reopens the run's folder, and trains. */
export async function startTraining(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: TrainingRequest,
): Promise<{ run: RunFolder; result: TrainResult }> {
  const { reporter, resume, out } = request
  checkData(model, data, request.data)
  if (!resume) checkSampler(model.plan, request.batch ?? model.plan.batch, data, request.data)
  if (!resume) await checkNew(out)
  for (const note of data.notes) reporter.say(note)
  const fresh = resume ? undefined : await prepare(model, spec, data, request)
  const lock = await RunFolder.lock(out)
  try {
    const begun = fresh ? await begin(model, spec, data, request, fresh) : await goOn(model, spec, data, request)
    const stop = listenForInterrupt(reporter)
    const images = compareImages(out, data, reporter)
    try {
      const { workers, mostUnreadable, locate, cacheBounds } = request
      const options = {
        model,
        data,
        reporter,
        interrupted: stop.asked,
        ...(workers !== undefined && { workers }),
        ...(mostUnreadable !== undefined && { mostUnreadable }),
        ...(locate && { locate }),
        ...(cacheBounds && { cacheBounds }),
        ...begun,
      }
      const result = await train(options)
      if (!result.interrupted) await images.finish()
      return { run: begun.run, result }
    } finally {
      await images.stop()
      stop.end()
      begun.learner.dispose()
    }
  } finally {
    await lock.release()
  }
}

interface Fresh {
  readonly engine: Engine
  readonly learner: Learner
}

/** Everything that may fail is done before the folder is written to. */
async function prepare(model: Model, spec: StoredSpec, data: DataSet, request: TrainingRequest): Promise<Fresh> {
  const { reporter, seed } = request
  const weights = await initialWeights(model, {
    spec: spec.entry,
    given: request.weights,
    entry: request.weightsEntry,
    reporter,
  })
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
  const { reporter, out } = request
  // Another process may have created it while this one waited for the lock.
  await checkNew(out)
  const info = newRun(model, spec, data, request, engine.name)
  const run = await RunFolder.create(out, info, await learner.checkpoint(beginning))
  introduce(model, data, engine.description, reporter)
  return { run, learner, state: beginning, engine: engine.name }
}

/** The run's own settings hold; more epochs may be asked for. */
async function goOn(model: Model, spec: StoredSpec, data: DataSet, request: TrainingRequest): Promise<Beginning> {
  const { reporter } = request
  const { run, changed } = await reopen(model, spec, data, request)
  const { info } = run
  const checkpoint = await run.readCheckpoint('last')
  const { state } = checkpoint
  const engine = await openEngine(request.engine ?? engineNames.find((name) => name === info.engine), reporter)
  warnOfNewEngine(info.engine, engine.name, reporter)
  if (state.logBytes !== undefined) await run.log.cutTo(state.logBytes)
  if (changed) await run.log.add({ step: state.step, changed: spec.train })
  const learner = Learner.restore(
    learnerOptions(model, data, info.seed, request.profile),
    checkpoint,
    run.weightsPath('last'),
  )
  introduce(model, data, engine.description, reporter)
  reporter.say(standing(state, model.plan, run.info.epochs))
  return { run, learner, state, engine: engine.name }
}

function learnerOptions(model: Model, data: DataSet, seed: number, profile: StepProfile | undefined): LearnerOptions {
  return {
    model,
    seed,
    ...(model.plan.classWeights === 'balanced' && { classWeights: balancedWeights(data) }),
    ...(profile && { profile }),
  }
}
