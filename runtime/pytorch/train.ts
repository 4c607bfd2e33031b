import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { DataSet, Sample } from '../data/dataset.js'
import { usualWorkers } from '../data/image_source.js'
import { Failure } from '../failure.js'
import { writeAtomically } from '../files.js'
import type { Model } from '../model.js'
import type { Checkpoint } from '../runs/checkpoint.js'
import { RunFolder } from '../runs/folder.js'
import { compareImages } from '../runs/images.js'
import type { ReadySpec } from '../specs/host.js'
import { EventFile } from '../tensorboard/file.js'
import { checkData, checkNew, checkSampler } from '../training/checks.js'
import { listenForInterrupt } from '../training/interrupt.js'
import { scalarsOf } from '../training/metrics_records.js'
import { introduce, newRun, type RunRequest, reopen, standing, warnOfNewEngine } from '../training/run.js'
import { beginning, type TrainResult } from '../training/train.js'
import { beginningOf } from '../weights/initial_values.js'
import { initialWeights } from '../weights/initial_weights.js'
import { requirePytorch } from './environment.js'
import { pytorchFiles } from './files.js'
import type { PytorchMessage } from './messages.js'
import { runPytorch } from './process.js'

export const precisions = ['fp32', 'bf16', 'fp16'] as const

/** Options that only this engine has. */
export interface PytorchChoice {
  /** The number of processes that share each batch, one for each GPU. */
  readonly processes: number
  readonly precision: (typeof precisions)[number]
  readonly compile: boolean
  readonly channelsLast: boolean
  readonly syncBatchNorm: boolean
}

export interface PytorchRequest extends RunRequest {
  readonly resume: boolean
  readonly choice: PytorchChoice
}

/**
 * Trains with PyTorch: creates or reopens the run folder, writes the training program to a temporary folder, runs it and forwards its messages.
 *
 * @throws Failure
 */
export async function trainInPytorch(
  model: Model,
  spec: ReadySpec,
  data: DataSet,
  request: PytorchRequest,
): Promise<{ run: RunFolder; result: TrainResult }> {
  const { reporter, out, resume, choice } = request
  checkData(model, data, request.data)
  if (!resume) checkSampler(model.plan, request.batch ?? model.plan.batch, data, request.data)
  if (!resume) await checkNew(out)
  const { python, torch } = await requirePytorch()
  for (const note of data.notes) reporter.say(note)
  const initial = resume ? undefined : await initialCheckpoint(model, spec, request)
  const before = await withRunLock(out, () => openRun(model, spec, data, request, initial))
  introduce(model, data, `PyTorch ${torch}`, reporter)
  if (model.plan.cache)
    reporter.warn(
      'PyTorch computes frozen parts in each epoch, with new augmentations: `cache` applies to the other engines',
    )
  if (resume) reporter.say(standing(before.state, model.plan, before.run.info.epochs))
  // Not in the run folder, which may be untrusted: Python imports modules from the folder of the program first.
  const code = await mkdtemp(join(tmpdir(), 'wsban-pytorch-'))
  for (const { path, text } of pytorchFiles(spec)) await writeAtomically(join(code, path), text)
  const listing = join(code, 'images.json')
  await writeAtomically(listing, listingOf(data))

  const stop = listenForInterrupt(reporter)
  const images = compareImages(out, data, reporter)
  const stopping = new AbortController()
  const watch = setInterval(() => stop.asked() && stopping.abort(), 100)
  const events = new EventFile(join(out, 'tensorboard'), before.state.step)
  const progress: { result: TrainResult } = {
    result: {
      epochs: before.run.info.epochs,
      totalSteps: before.state.step,
      steps: 0,
      seconds: 0,
      secondsPerStep: 0,
      evaluation: undefined,
      interrupted: false,
      endedEarly: false,
    },
  }
  const onMessage = async (message: PytorchMessage) => {
    if (message.kind === 'say') reporter.say(message.text)
    else if (message.kind === 'warn') reporter.warn(message.text)
    else if (message.kind === 'progress') reporter.progress(message.text)
    else if (message.kind === 'log') {
      const { record } = message
      await events.add(record.step, scalarsOf(record))
      if (record.kind === 'epoch' && record.val.images > 0)
        progress.result = { ...progress.result, evaluation: record.val }
    } else if (message.kind === 'end') {
      const { kind: _, ...end } = message
      progress.result = { ...progress.result, ...end, totalSteps: before.state.step + end.steps }
    }
  }
  try {
    const threads = Math.max(1, Math.floor(availableParallelism() / choice.processes))
    const args = [join(code, 'train.py'), ...argumentsOf(request, listing)]
    await runPytorch({ python, processes: choice.processes, folder: code, args, threads }, onMessage, stopping)
    if (!progress.result.interrupted) await images.finish()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const left = `${out} holds ${(await RunFolder.open(out)).info.last}, a complete checkpoint: continue with --resume`
    throw new Failure({ ...error.problem, help: `${error.problem.help ?? ''}; ${left}` }, { cause: error })
  } finally {
    await images.stop()
    clearInterval(watch)
    stop.end()
    await rm(code, { recursive: true, force: true })
  }
  return { run: await RunFolder.open(out), result: progress.result }
}

async function withRunLock<T>(out: string, work: () => Promise<T>): Promise<T> {
  const lock = await RunFolder.lock(out)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function openRun(
  model: Model,
  spec: ReadySpec,
  data: DataSet,
  request: PytorchRequest,
  initial: Checkpoint | undefined,
) {
  if (initial) {
    // Another process may have created it while this one waited for the lock.
    await checkNew(request.out)
    const info = newRun(model, spec.stored, data, request, 'pytorch')
    return { run: await RunFolder.create(request.out, info, initial), state: initial.state }
  }
  const { run } = await reopen(model, spec.stored, data, request)
  const { state } = await run.readCheckpoint('last')
  warnOfNewEngine(run.info.engine, 'pytorch', request.reporter)
  return { run, state }
}

/** The checkpoint of the initial weights: the given ones, and the others from the seed, as in every engine. */
async function initialCheckpoint(model: Model, { stored }: ReadySpec, request: PytorchRequest): Promise<Checkpoint> {
  const { reporter, seed } = request
  const given = await initialWeights(model, {
    spec: stored.entry,
    given: request.weights,
    entry: request.weightsEntry,
    reporter,
  })
  const tensors = model.parameters.map(
    (parameter) => [parameter.name, { shape: parameter.shape, values: beginningOf(parameter, seed, given) }] as const,
  )
  return { tensors: new Map(tensors), slots: new Map(), state: beginning }
}

/**
 * Returns images.json: for each image its path, its label, the annotations if it is a validation image, the file, offset and length if it is a part of
 * a file, and its targets by label input where there are others than one class.
 */
function listingOf({ classes, labels, splits }: DataSet): string {
  const place = ({ part }: Sample) => (part ? [resolve(part.file), part.offset, part.length] : null)
  const train = splits.train.map((sample) => [
    resolve(sample.path),
    sample.label,
    null,
    place(sample),
    sample.targets ?? null,
  ])
  const val = splits.val.map((sample) => [
    resolve(sample.path),
    sample.label,
    sample.truth ?? null,
    place(sample),
    sample.targets ?? null,
  ])
  const labelNames = labels && Object.fromEntries(labels.map(({ name, names }) => [name, names]))
  return `${JSON.stringify({ classes, ...(labelNames && { labelNames }), train, val })}\n`
}

function argumentsOf({ out, choice, workers, mostUnreadable }: PytorchRequest, listing: string): string[] {
  const { processes, precision, compile, channelsLast, syncBatchNorm } = choice
  return [
    ...['--data', listing, '--out', resolve(out), '--resume', '--json', '--precision', precision],
    ...['--workers', String(workers ?? Math.max(1, Math.floor(usualWorkers() / processes)))],
    ...(mostUnreadable === undefined ? [] : ['--most-unreadable', String(mostUnreadable)]),
    ...(compile ? ['--compile'] : []),
    ...(channelsLast ? ['--channels-last'] : []),
    ...(syncBatchNorm ? ['--sync-batch-norm'] : []),
  ]
}
