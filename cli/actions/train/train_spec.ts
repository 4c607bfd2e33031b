import { basename } from 'node:path'
import { oneValuePerChannel } from '../../../compiler/analysis/batch_statistics.js'
import type { Graph } from '../../../compiler/graph/graph.js'
import { present } from '../../../grammar/present.js'
import { Failure } from '../../../runtime/failure.js'
import { loadModel } from '../../../runtime/generated/load.js'
import { dataOf, freeRunPath } from '../../../runtime/runs/find.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { shellWord } from '../../../runtime/shell_word.js'
import { modelNames } from '../../../runtime/specs/spec_file.js'
import { type CacheBounds, usualBounds } from '../../../runtime/training/feature_cache.js'
import { StepProfile } from '../../../runtime/training/profile.js'
import { startTraining } from '../../../runtime/training/start_training.js'
import type { Io } from '../../io.js'
import { runInUse } from '../run_in_use.js'
import { notFinitePlace } from './not_finite_place.js'
import { newTraining, type PreparedTraining, resumedTraining } from './prepared_training.js'
import { pytorchChoice, refusePytorchOptions } from './pytorch_options.js'
import type { TrainOptions, TrainRequest } from './train_options.js'
import { finishTraining, type Trained } from './training_outcome.js'

/**
 * `wsban train`: the classes come from the data unless they are set. A resumed run remembers its spec and its images.
 *
 * @param file a spec or the name of a model; optional for a resumed run
 */
export async function trainSpec(file: string | undefined, options: TrainOptions, io: Io): Promise<number> {
  const out = await runFor(file, options, io)
  if (options.from !== undefined && !options.resume)
    throw new Failure({
      code: 'wrong-usage',
      message: '--from names a checkpoint of a run that is resumed',
      help: `add --resume, or begin a new run from it: --weights ${shellWord(`${out}/checkpoints/${options.from}/weights.safetensors`)}`,
      exit: 2,
    })
  const resumed = options.resume ? await RunFolder.open(out) : undefined
  const data = options.data ?? (resumed && dataOf(resumed))
  if (data === undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: 'which images should the model be trained on?',
      help: 'add --data with a folder that has a folder for each class; wsban data sample -o birds makes one to try',
      exit: 2,
    })
  const request = { ...options, data, out }
  const prepared = resumed
    ? await resumedTraining(resumed, file, request, io)
    : await newTraining(present(file, 'the spec of a new run'), request, io)
  return finishTraining(await trainPrepared(prepared, request, io), prepared, request, io)
}

/** The run's folder: the given one, the last run here to resume, or a new one under the model's name. */
export async function runFor(file: string | undefined, { out, resume }: TrainOptions, io: Io): Promise<string> {
  if (resume) return runInUse(out, io)
  if (file === undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: 'which model should be trained?',
      help: `give a .wsban file or one of ${modelNames().join(', ')}`,
      exit: 2,
    })
  if (out !== undefined) return out
  const free = freeRunPath(basename(file, '.wsban'))
  io.reporter.say(`run: ${free}`)
  return free
}

async function trainPrepared(prepared: PreparedTraining, request: TrainRequest, io: Io): Promise<Trained> {
  const { spec, data, engine } = prepared
  const model = await loadModel(spec.graph, spec.stored.entry)
  if (request.batch !== undefined) refuseOneValue(spec.graph, request.batch)
  if (engine === 'pytorch') {
    const choice = pytorchChoice(request)
    const { trainInPytorch } = await import('../../../runtime/pytorch/train.js')
    const trained = await trainInPytorch(model, spec, data, { ...runRequest(prepared, request, io), choice })
    return { ...trained, model, profile: undefined }
  }
  refusePytorchOptions(request)
  const profile = request.profile ? new StepProfile() : undefined
  const trained = await startTraining(model, spec.stored, data, {
    ...runRequest(prepared, request, io),
    cacheBounds: boundsOf(request),
    locate: (...at) => notFinitePlace(spec, ...at),
    ...(profile && { profile }),
    ...(engine && { engine }),
  })
  return { ...trained, model, profile }
}

/** The part of the request that is common to all engines. */
function runRequest({ seed, holdOut }: PreparedTraining, request: TrainRequest, io: Io) {
  return {
    data: request.data,
    out: request.out,
    seed,
    resume: request.resume ?? false,
    reporter: io.reporter,
    ...(request.from !== undefined && { from: request.from }),
    ...(holdOut !== undefined && { holdOut }),
    ...(request.epochs !== undefined && { epochs: request.epochs }),
    ...(request.batch !== undefined && { batch: request.batch }),
    ...(request.weights !== undefined && { weights: request.weights }),
    ...(request.weightsEntry !== undefined && { weightsEntry: request.weightsEntry }),
    ...(request.saveEvery !== undefined && { saveEvery: request.saveEvery }),
    ...(request.keep !== undefined && { keep: request.keep }),
    ...(request.workers !== undefined && { workers: request.workers }),
    ...(request.maxUnreadable !== undefined && { mostUnreadable: request.maxUnreadable }),
  }
}

/** The bounds of the cache of features, in bytes. */
function boundsOf({ cacheMemory, cacheDisk }: TrainRequest): CacheBounds {
  return {
    memoryBytes: cacheMemory === undefined ? usualBounds.memoryBytes : cacheMemory * 2 ** 30,
    diskBytes: cacheDisk === undefined ? usualBounds.diskBytes : cacheDisk * 2 ** 30,
  }
}

/** Checks the batch size that the spec sets. @throws Failure `one-value-per-channel` */
function refuseOneValue({ nodes }: Graph, batch: number): void {
  const [node] = oneValuePerChannel(nodes, batch)
  if (!node) return
  throw new Failure({
    code: 'one-value-per-channel',
    message: `with a batch of ${batch}, \`${node.operation}\` of ${node.path.join('.')} would normalise each channel of one image's single cell by itself`,
    help: 'give --batch 2 or more, or leave the normalisation of 1 x 1 maps out',
  })
}
