import type { DataSet } from '../data/dataset.js'
import { type EngineName, openEngine } from '../engines/index.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { packageVersion } from '../package-root.js'
import type { Reporter } from '../reporter.js'
import { RunFolder } from '../runs/folder.js'
import type { StoredSpec } from '../specs/stored.js'
import { initialWeights } from '../weights/begin.js'
import { type TrainResult, train } from './train.js'

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
  readonly reporter: Reporter
}

/** From a folder of pictures and a model to a run: opens the engine, makes or reopens the run's folder, trains. */
export async function startTraining(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: TrainingRequest,
): Promise<{ run: RunFolder; result: TrainResult }> {
  const { reporter } = request
  if (model.classes !== data.classes.length)
    throw new Failure({
      code: 'classes-do-not-fit',
      message: `${request.data} has ${data.classes.length} classes, but the model is made for ${model.classes ?? 0}`,
      help: `leave classes to the data, or set it: --set classes=${data.classes.length}`,
      path: request.data,
    })
  if (data.splits.train.length === 0)
    throw new Failure({
      code: 'no-pictures',
      message: `${request.data} has no pictures to train on`,
      help: 'put them into train/CLASS/',
      path: request.data,
    })
  for (const note of data.notes) reporter.say(note)
  const begin = { spec: spec.entry, given: request.weights, reporter }
  const weights = request.resume ? undefined : await initialWeights(model, begin)
  const engine = await openEngine(request.engine, reporter)
  const run = request.resume ? await reopen(request, spec) : await make(model, spec, data, request, engine.name)
  reporter.say(
    `${model.name}: ${data.classes.length} classes, ${data.splits.train.length} pictures to train on, ${data.splits.val.length} to check on · ${engine.description}`,
  )
  const stop = listenForInterrupt(reporter)
  try {
    const options = {
      model,
      data,
      run,
      reporter,
      resume: request.resume,
      interrupted: stop.asked,
      ...(weights && { weights }),
    }
    return { run, result: await train(options) }
  } finally {
    stop.end()
  }
}

async function make(
  model: Model,
  spec: StoredSpec,
  data: DataSet,
  request: TrainingRequest,
  engine: string,
): Promise<RunFolder> {
  if (RunFolder.exists(request.out))
    throw new Failure({
      code: 'run-exists',
      message: `${request.out} holds a run already`,
      help: 'go on with it (--resume), or choose another folder with -o',
      path: request.out,
      exit: 2,
    })
  const { plan } = model
  const info = {
    wsban: packageVersion(),
    model: model.name,
    spec,
    classes: [...data.classes],
    data: request.data,
    seed: request.seed,
    epochs: request.epochs ?? plan.epochs,
    batch: request.batch ?? plan.batch,
    engine,
    ...(request.weights !== undefined && { weights: request.weights }),
  }
  const run = await RunFolder.create(request.out, info)
  await run.writeSpecText()
  return run
}

async function reopen(request: TrainingRequest, spec: StoredSpec): Promise<RunFolder> {
  const run = await RunFolder.open(request.out)
  const text = ({ entry, files, settings }: StoredSpec) => JSON.stringify([files[entry], settings])
  if (text(run.info.spec) !== text(spec))
    throw new Failure({
      code: 'spec-changed',
      message: `the spec is not the one that ${request.out} was trained with`,
      help: `train anew into another folder, or resume with ${request.out}/model.wsban`,
      path: request.out,
    })
  return run
}

/** The first Ctrl-C asks to stop after the step under way, the second one ends at once. */
function listenForInterrupt(reporter: Reporter): { asked: () => boolean; end: () => void } {
  let asked = false
  const listener = () => {
    if (asked) process.exit(130)
    asked = true
    reporter.say('stopping after this step; Ctrl-C again stops at once')
  }
  process.on('SIGINT', listener)
  return { asked: () => asked, end: () => process.off('SIGINT', listener) }
}
