import { basename } from 'node:path'
import { oneValuePerChannel } from '../../compiler/analysis/batch_statistics.js'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { positionOf } from '../../compiler/diagnostics/render.js'
import type { Graph } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import type { Span } from '../../grammar/tree.js'
import type { ClassOrder } from '../../runtime/data/class_order.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { loadModel } from '../../runtime/generated/load.js'
import { predictsClasses } from '../../runtime/inference/answer.js'
import { type AgainstChance, againstChance } from '../../runtime/inference/chance.js'
import { scoresText } from '../../runtime/inference/evaluate.js'
import type { PytorchChoice, precisions, trainInPytorch } from '../../runtime/pytorch/train.js'
import { dataOf, freeRunPath } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { shellWord } from '../../runtime/shell_word.js'
import { DeclaredLabels } from '../../runtime/specs/declared_labels.js'
import type { ReadySpec } from '../../runtime/specs/host.js'
import { compileStored } from '../../runtime/specs/spec.js'
import { modelNames, readSpec, specFile } from '../../runtime/specs/spec_file.js'
import { entryText } from '../../runtime/specs/stored.js'
import { checkClassCount } from '../../runtime/training/checks.js'
import { clock } from '../../runtime/training/clock.js'
import { type CacheBounds, usualBounds } from '../../runtime/training/feature_cache.js'
import { firstNotFinite } from '../../runtime/training/locate.js'
import { profileText, StepProfile } from '../../runtime/training/profile.js'
import { startTraining, type TrainingRequest } from '../../runtime/training/start_training.js'
import type { TrainResult } from '../../runtime/training/train.js'
import type { Io } from '../io.js'
import { calibrationText, measureCalibration } from './calibrate_run.js'
import { chanceReason } from './chance_reason.js'
import { openNewDataSet } from './new_data_set.js'
import { runInUse } from './run_in_use.js'
import { readySpec, requireGraph } from './spec.js'

export interface TrainOptions {
  readonly data?: string
  readonly out?: string
  readonly epochs?: number
  readonly batch?: number
  readonly seed: number
  readonly engine?: EngineName | 'pytorch'
  readonly processes?: number
  readonly precision?: (typeof precisions)[number]
  readonly compile?: boolean
  readonly channelsLast?: boolean
  readonly syncBatchNorm?: boolean
  readonly weights?: string
  readonly weightsEntry?: string
  readonly resume?: boolean
  readonly from?: string
  readonly saveEvery?: number
  readonly keep?: number
  readonly workers?: number
  /** In gibibytes. */
  readonly cacheMemory?: number
  /** In gibibytes. */
  readonly cacheDisk?: number
  readonly maxUnreadable?: number
  readonly classOrder?: ClassOrder
  readonly holdOut?: number
  readonly profile?: boolean
  readonly set?: ModelSettings
  readonly train?: readonly string[]
}

/** With the places that were left out filled in. */
type TrainRequest = TrainOptions & { readonly data: string; readonly out: string }

/**
 * `wsban train`: the classes come from the data unless they are set. A resumed run remembers its spec and its images.
 *
 * @param file a spec or the name of a model; may be left out for a run that is resumed
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
      message: 'which images are to be learned from?',
      help: 'add --data with a folder that has a folder for each class; wsban data sample -o birds makes one to try',
      exit: 2,
    })
  return trainInto(file, { ...options, data, out }, resumed, io)
}

/** The run's folder: the given one, the last run here to resume, or a new one under the model's name. */
export async function runFor(file: string | undefined, { out, resume }: TrainOptions, io: Io): Promise<string> {
  if (resume) return runInUse(out, io)
  if (file === undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: 'which model is to be trained?',
      help: `give a .wsban file or one of ${modelNames().join(', ')}`,
      exit: 2,
    })
  if (out !== undefined) return out
  const free = freeRunPath(basename(file, '.wsban'))
  io.reporter.say(`run: ${free}`)
  return free
}

async function trainInto(
  file: string | undefined,
  request: TrainRequest,
  resumed: RunFolder | undefined,
  io: Io,
): Promise<number> {
  const seed = resumed?.info.seed ?? request.seed
  const declared = resumed
    ? DeclaredLabels.ofText(resumed.info.spec.entry, entryText(resumed.info.spec))
    : DeclaredLabels.ofFile(present(file, 'the spec of a new run'))
  const labels = declared.wanted(resumed?.info.labelNames)
  const holdOut = resumed ? resumed.info.holdOut : request.holdOut
  const { data } = await openNewDataSet(
    request.data,
    {
      seed,
      ...(holdOut !== undefined && { holdOut }),
      ...(request.classOrder && { classOrder: request.classOrder }),
      ...(labels.length > 0 ? { labels } : resumed && { classes: resumed.info.classes }),
    },
    true,
    io,
  )
  // Before the spec is compiled for this number of classes, with diagnostics about it.
  checkClassCount(data, request.data)
  const spec = resumed
    ? storedSpecOf(resumed, file, request, io)
    : readySpec(present(file, 'the spec of a new run'), declared.settings(request.set ?? {}, data), io, request.train)
  const model = await loadModel(spec.graph, spec.stored.entry)
  if (request.batch !== undefined) refuseOneValue(spec.graph, request.batch)
  const profile = request.profile ? new StepProfile() : undefined
  const engine = request.engine ?? (resumed?.info.engine === 'pytorch' ? 'pytorch' : undefined)
  if (engine !== 'pytorch') refuseOthers(request)
  const chosen = {
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
  const { run, result } =
    engine === 'pytorch'
      ? await trainByPytorch(model, spec, data, { ...chosen, choice: choiceOf(request) })
      : await startTraining(model, spec.stored, data, {
          ...chosen,
          cacheBounds: boundsOf(request),
          locate: (...at) => placeOf(spec, ...at),
          ...(profile && { profile }),
          ...(engine && { engine }),
        })
  if (profile) io.printText(profileText(profile.table()))
  if (result.interrupted) {
    io.reporter.say(`stopped; ${request.out} holds ${run.info.last}`)
    io.next(`wsban train --resume -o ${shellWord(request.out)}`)
    io.json({ ok: false, interrupted: true, run: request.out, checkpoint: run.info.last })
    return 130
  }
  const { evaluation } = result
  if (result.endedEarly)
    io.reporter.say(
      `stopped early: no better validation ${evaluation?.score?.metric ?? 'top-1'} in ${model.plan.patience} epochs`,
    )
  io.print(`${totalsOf(result)}${evaluation ? ` · val: ${scoresText(evaluation)}` : ''}`)
  if (result.features) {
    const { computed, found } = result.features
    io.reporter.say(`features of frozen parts: computed for ${computed} images, taken from the cache ${found} times`)
  }
  const { signature } = model
  if (evaluation?.score)
    io.reporter.say(
      `the checkpoint in use is the best by ${evaluation.score.metric} of ${evaluation.score.answer} on the validation split`,
    )
  const standing = signature ? undefined : await standingOf(run, data, spec)
  if (standing?.nearChance) io.reporter.warn(chanceText(standing))
  const calibration = predictsClasses(signature)
    ? await measureCalibration(request.out, request.data, engine === 'pytorch' ? undefined : engine, io)
    : undefined
  if (calibration) io.reporter.say(calibrationText(calibration))
  io.next(`wsban report ${shellWord(request.out)}`)
  io.json({
    ok: true,
    run: request.out,
    steps: result.steps,
    totalSteps: result.totalSteps,
    seconds: result.seconds,
    secondsPerStep: result.secondsPerStep,
    val: evaluation,
    ...(result.features && { features: result.features }),
    ...(standing && { standing }),
    ...(calibration && { calibration }),
    ...(profile && { profile: profile.table() }),
  })
  return 0
}

/** The best checkpoint's accuracy beside chance; undefined where no image is held out to count it on. */
async function standingOf(
  run: RunFolder,
  { splits: { val }, classes }: DataSet,
  { graph }: ReadySpec,
): Promise<(AgainstChance & { readonly reason: string }) | undefined> {
  const { bestScore } = run.info
  if (bestScore === undefined || val.length === 0) return undefined
  const labels = val.map(({ label }) => label)
  return { ...againstChance(bestScore, labels, classes.length), reason: await chanceReason(run, graph) }
}

function chanceText({ top1, chance, reason }: AgainstChance & { readonly reason: string }): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return `a top-1 of ${percent(top1)} is hardly better than chance (${percent(chance)}): ${reason}`
}

/** Of a resumed run the steps since then, as the time is; how many there are in all comes besides. */
function totalsOf({ steps, totalSteps, seconds, secondsPerStep }: TrainResult): string {
  if (steps === 0) return `no steps to take; the run has ${totalSteps}`
  const counted = steps === 1 ? '1 step' : `${steps} steps`
  const all = steps === totalSteps ? '' : `, ${totalSteps} in all`
  return `trained ${counted} in ${clock(seconds)} (${secondsPerStep.toFixed(3)} s a step)${all}`
}

/** The bounds of the cache of features, in bytes. */
function boundsOf({ cacheMemory, cacheDisk }: TrainRequest): CacheBounds {
  return {
    memoryBytes: cacheMemory === undefined ? usualBounds.memoryBytes : cacheMemory * 2 ** 30,
    diskBytes: cacheDisk === undefined ? usualBounds.diskBytes : cacheDisk * 2 ** 30,
  }
}

async function trainByPytorch(...given: Parameters<typeof trainInPytorch>): ReturnType<typeof trainInPytorch> {
  const { trainInPytorch: trainIn } = await import('../../runtime/pytorch/train.js')
  return trainIn(...given)
}

function choiceOf(request: TrainRequest): PytorchChoice {
  if (request.profile)
    throw new Failure({
      code: 'wrong-usage',
      message: '--profile works with the other engines, not with PyTorch',
      help: 'leave it out; in PyTorch, run the program of wsban compile --target pytorch under torch.profiler',
      exit: 2,
    })
  const { processes = 1, precision = 'fp32', compile = false, channelsLast = false, syncBatchNorm = false } = request
  return { processes, precision, compile, channelsLast, syncBatchNorm }
}

function refuseOthers({ processes, precision, compile, channelsLast, syncBatchNorm }: TrainRequest): void {
  const given = { processes, precision, compile, 'channels-last': channelsLast, 'sync-batch-norm': syncBatchNorm }
  const [first] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (first === undefined) return
  throw new Failure({
    code: 'wrong-usage',
    message: `--${first} is for training in PyTorch`,
    help: 'add --engine pytorch, or leave it out',
    exit: 2,
  })
}

/** `first in master.embedding = l2_normalize (models/wsban.wsban:12)` */
async function placeOf(
  { graph, stored, texts }: ReadySpec,
  ...[found, ...at]: Parameters<NonNullable<TrainingRequest['locate']>>
): Promise<string | undefined> {
  const place = (span: Span) => `${span.source}:${positionOf(span, texts).line}`
  const bad = await firstNotFinite(graph, stored.entry, ...at)
  if (bad) {
    const { node, of } = bad
    const where = of === 'value' ? 'first in' : 'on the way back first through'
    return `${where} ${node.path.join('.')} (${node.operation}, ${place(node.span)})`
  }
  // The norm may overflow while every gradient is finite.
  const [name] = 'gradients' in found ? found.gradients : []
  const parameter = name === undefined ? undefined : graph.parameters.get(name)
  return parameter && `the weight is of ${place(parameter.span)}`
}

/** A run resumes with its stored spec, whatever has happened to the files that the spec imports. */
function storedSpecOf(
  { info }: RunFolder,
  file: string | undefined,
  { out, set = {}, train }: TrainRequest,
  io: Io,
): ReadySpec {
  const { entry, files, settings } = info.spec
  const otherSettings = Object.entries(set).some(([name, value]) => settings[name] !== value)
  if (otherSettings || (file !== undefined && readSpec(specFile(file)) !== files[entry]))
    throw new Failure({
      code: 'spec-changed',
      message: `${otherSettings ? 'these settings are' : `${file} is`} not what ${out} was trained with`,
      help: `train into another folder, or resume it as it is: wsban train --resume -o ${shellWord(out)}`,
      path: out,
    })
  const { train: before = [] } = info.spec
  const spec =
    train && train.join('\n') !== before.join('\n') ? { ...info.spec, train: [...before, ...train] } : info.spec
  const compiled = compileStored(spec)
  io.diagnostics(compiled.diagnostics, compiled.texts)
  return requireGraph(compiled, out, io)
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
