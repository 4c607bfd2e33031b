import type { ParameterGroup } from '../../compiler/graph/graph.js'
import { trainingSteps } from '../../compiler/training/training_steps.js'
import { type Batch, trainBatches, withoutImages } from '../data/batches.js'
import type { DataSet } from '../data/dataset.js'
import { batchesInEpoch } from '../data/epoch_order.js'
import { ImageSource, usualWorkers } from '../data/image_source.js'
import { labelNamesOf } from '../data/label_inputs.js'
import { lengthOf, OpenBatch } from '../data/open_batch.js'
import { outOfMemory } from '../engines/memory.js'
import { Failure, reasonOf } from '../failure.js'
import { argMax } from '../inference/answer.js'
import { EnginePredictor } from '../inference/engine.js'
import { type Scores, scoresText, scoreValue } from '../inference/evaluate.js'
import { evaluateSplit, type SplitFeatures } from '../inference/evaluate_split.js'
import type { Model } from '../model.js'
import type { Reporter } from '../reporter.js'
import type { TrainingState } from '../runs/checkpoint.js'
import type { RunFolder } from '../runs/folder.js'
import { writeValidationPredictions } from '../runs/validation_predictions.js'
import { type CacheBounds, type CacheCounts, FeatureCache, usualBounds } from './feature_cache.js'
import type { BatchFeatures } from './feature_values.js'
import { headFeatures } from './gradients.js'
import type { Learner, StepInfo, StepLosses, StepResult } from './learner.js'
import { MetricsLog } from './metrics_log.js'
import { NotFinite, type NotFiniteCause } from './not_finite.js'
import { isFrozen } from './parameter_settings.js'
import { ProgressMeter } from './progress.js'
import { baseRate, makeSchedule } from './schedules.js'

export interface TrainOptions {
  readonly model: Model
  readonly data: DataSet
  readonly run: RunFolder
  readonly learner: Learner
  /** The state to start from: initial, or of a checkpoint. */
  readonly state: TrainingState
  readonly reporter: Reporter
  /** The name of the engine. */
  readonly engine: string
  /** The number of threads that preprocess images; `usualWorkers()` by default. */
  readonly workers?: number
  /** Limits for the cached features of frozen parts, if the train block has a cache; `usualBounds` by default. */
  readonly cacheBounds?: CacheBounds
  /** The share of images that may be unreadable. */
  readonly mostUnreadable?: number
  /** Locates a value that is not finite by running the batch binding by binding, which needs the compiler's graph. */
  readonly locate?: (
    found: NotFiniteCause,
    learner: Learner,
    batch: Batch,
    moment: StepInfo,
  ) => Promise<string | undefined>
  /** Whether a stop was requested; the current step is completed first. */
  readonly interrupted?: () => boolean
}

export interface TrainResult {
  readonly epochs: number
  /** Of the whole run. */
  readonly totalSteps: number
  /** Steps since training was started or resumed, to which the times below refer. */
  readonly steps: number
  readonly seconds: number
  /** Mean time of a step, without evaluation; 0 without steps. */
  readonly secondsPerStep: number
  /** The scores of the last epoch; some engines compute only a part of them. */
  readonly evaluation: Scores | undefined
  readonly interrupted: boolean
  /** Whether training stopped early because of `patience`. */
  readonly endedEarly: boolean
  /** Counts for training and validation images since training was started or resumed; absent without a cache. */
  readonly features?: CacheCounts
}

export const beginning: TrainingState = {
  epoch: 0,
  step: 0,
  stepInEpoch: 0,
  position: 0,
  lossSums: {},
  logBytes: 0,
  optimizerSteps: 0,
  began: {},
  stale: 0,
}

/** Trains a generated model on a data set, with a checkpoint at the end of each epoch, at every stop, and at intervals within epochs. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const training = new Training(options)
  try {
    return await training.run()
  } catch (error) {
    throw await training.failed(error)
  } finally {
    await training.close()
  }
}

class Training {
  private readonly predictor: EnginePredictor
  private readonly images: ImageSource
  private readonly meter: ProgressMeter
  private readonly journal: MetricsLog
  private readonly batchesPerEpoch: number
  private readonly stepsPerEpoch: number
  private state: TrainingState
  /** A failed step may have updated statistics, so its state is not saved. */
  private broken = false
  private savedAt = performance.now()
  private cache: { readonly part: number; readonly features: FeatureCache } | undefined
  /** Counts of caches that are no longer used. */
  private counted: CacheCounts = { computed: 0, found: 0 }

  constructor(private readonly options: TrainOptions) {
    const { model, data, run, learner, state, reporter, workers = usualWorkers(), mostUnreadable } = options
    const { epochs, batch } = run.info
    this.state = state
    this.predictor = new EnginePredictor(
      model,
      data.classes,
      learner.weights,
      model.signature && labelNamesOf(data, model.signature),
    )
    this.images = new ImageSource({
      reporter,
      workers,
      ...(mostUnreadable !== undefined && { mostUnreadable }),
    })
    this.batchesPerEpoch = batchesInEpoch(data.splits.train.length, batch)
    this.stepsPerEpoch = Math.ceil(this.batchesPerEpoch / model.plan.accumulate)
    const { accumulate } = model.plan
    const { stepsPerEpoch } = this
    this.meter = new ProgressMeter({ reporter, epochs, stepsPerEpoch, accumulate, batch })
    this.journal = new MetricsLog(run, stepsPerEpoch, state.step)
  }

  async run(): Promise<TrainResult> {
    const { epochs } = this.options.run.info
    let evaluation: Scores | undefined
    let stopped = false
    while (this.state.epoch < epochs && !this.endedEarly && !stopped) {
      stopped = !(await this.steps())
      const predicted: (number | null)[] = this.options.data.splits.val.map(() => null)
      evaluation = stopped ? undefined : await this.meter.timeEvaluation(() => this.evaluate(predicted))
      if (evaluation) await this.endEpoch(evaluation, predicted)
      else stopped = true
    }
    if (stopped) await this.save(undefined)
    return {
      epochs,
      totalSteps: this.state.step,
      steps: this.state.step - this.options.state.step,
      seconds: this.meter.seconds,
      secondsPerStep: this.meter.secondsPerStep,
      evaluation,
      interrupted: stopped,
      endedEarly: this.endedEarly,
      ...(this.options.model.plan.cache && { features: this.counts }),
    }
  }

  private get endedEarly(): boolean {
    const { patience } = this.options.model.plan
    return patience > 0 && this.state.stale >= patience
  }

  private get counts(): CacheCounts {
    return sumOf(this.counted, this.cache?.features.counts)
  }

  /** Returns the cache of the parts that are frozen for the whole epoch; undefined without any, or without a `cache` setting. */
  private async cacheFor(epoch: number): Promise<FeatureCache | undefined> {
    const { model, learner, engine, reporter, cacheBounds: bounds = usualBounds } = this.options
    const settings = model.plan.cache
    const part = (model.features ?? []).findIndex(({ epochs }) => epochs === 'all' || epoch + 1 <= epochs)
    if (this.cache?.part === part) return this.cache.features
    this.counted = this.counts
    this.cache = undefined
    if (!settings || part < 0) return undefined
    const { variables } = learner
    const features = await FeatureCache.open({ model, part, settings, variables, engine, bounds, reporter })
    this.cache = { part, features }
    return features
  }

  /** Runs the remaining steps of the epoch; returns false if a stop was requested. */
  private async steps(): Promise<boolean> {
    const { model, data, run } = this.options
    const { plan } = model
    const { seed, epochs, batch, saveEvery } = run.info
    const schedule = makeSchedule(plan.schedule)
    const { epoch, position: from } = this.state
    const cache = await this.cacheFor(epoch)
    const before = cache?.counts
    const batches = trainBatches(data.splits.train, {
      size: model.image.size,
      steps: trainingSteps(model),
      batch,
      seed,
      epoch,
      from,
      images: this.images,
      ...(plan.sampler && { sampler: plan.sampler }),
      ...(plan.mix && { mix: plan.mix }),
      ...(model.views && { views: model.views }),
      ...(cache && plan.cache && { features: cache.source('training'), augmentations: plan.cache.views }),
    })
    // With accumulation several batches make a step; a stop is always between steps.
    let inStep: FeaturedBatch[] = []
    this.meter.beginEpoch()
    for await (const made of batches) {
      this.meter.gotBatch()
      const { step, stepInEpoch, lossSums } = this.state
      const done = epoch + stepInEpoch / this.stepsPerEpoch
      const moment = { step, epoch: done, rate: baseRate(plan.optimizer) * schedule(done, epochs) }
      inStep.push(await this.withFeatures(made, moment))
      const last =
        inStep.length === plan.accumulate || stepInEpoch * plan.accumulate + inStep.length === this.batchesPerEpoch
      const result = await this.take(inStep, moment, last)
      // Lets signals and images in; a step itself never yields.
      await new Promise((resolve) => setImmediate(resolve))
      if (!result) {
        this.meter.askForBatch()
        continue
      }
      inStep = []
      this.state = {
        ...this.state,
        step: step + 1,
        stepInEpoch: stepInEpoch + 1,
        position: made.position,
        lossSums: added(lossSums, result.losses),
      }
      this.meter.show({
        epoch,
        step: stepInEpoch + 1,
        rate: moment.rate,
        groupRates: groupRates(plan.groups, moment),
        losses: result.losses,
        ...(cache && before && { features: differenceOf(cache.counts, before) }),
      })
      await this.journal.step(moment, result)
      if (this.options.interrupted?.()) return false
      if (saveEvery > 0 && performance.now() - this.savedAt > saveEvery * 60_000) await this.save(undefined)
      this.meter.askForBatch()
    }
    // Unreadable images may leave the epoch's last step without all of its batches.
    this.options.learner.reset()
    return true
  }

  /** Adds the features of a batch whose images were looked for in the cache. */
  private async withFeatures(made: Batch, moment: StepInfo): Promise<FeaturedBatch> {
    const features = made.kept && this.cache?.features
    if (!features) return made
    const { learner, run } = this.options
    const { watch: _, ...state } = { ...learner.runState(moment), variables: learner.variables, training: true }
    const computed = await this.meter.timeFeatures(() => features.featuresOf(made, run.info.batch, state))
    const { needsImages } = features.source('training')
    return { ...(needsImages ? made : withoutImages(made)), features: computed }
  }

  /** Takes the last of the step's batches so far; undefined while more are to come. */
  private async take(
    inStep: readonly FeaturedBatch[],
    moment: StepInfo,
    last: boolean,
  ): Promise<StepResult | undefined> {
    const { learner } = this.options
    const batch = inStep.at(-1)
    if (!batch) return undefined
    try {
      return this.meter.time(() => learner.accumulate(batch, moment, last))
    } catch (error) {
      this.broken = true
      if (!(error instanceof NotFinite)) throw error
      throw new NotFinite(error.found, await this.placeOf(error.found, inStep, moment))
    }
  }

  /** A gradient is looked at when the step is full, so each of its batches may be the one that made it bad. */
  private async placeOf(
    found: NotFiniteCause,
    inStep: readonly Batch[],
    moment: StepInfo,
  ): Promise<string | undefined> {
    const { learner, locate } = this.options
    for (const batch of inStep) {
      const whole = await this.withImages(batch)
      const place = whole && (await locate?.(found, learner, whole, moment))
      if (place !== undefined) return place
    }
    return undefined
  }

  /** The batch with the images that features made unnecessary; undefined if one of them can no longer be read. */
  private async withImages(batch: Batch): Promise<Batch | undefined> {
    const { image, views = [] } = this.options.model
    const { kept = [], labels } = batch
    if (kept.length === 0 || batch.images.length === labels.length * lengthOf(image.size)) return batch
    const open = new OpenBatch([image, ...views], labels.length)
    for (const { job } of kept) {
      const prepared = await this.images.prepare(job)
      if (!prepared) return undefined
      open.add(0, undefined, { decoded: prepared.decoded, images: [prepared.image, ...prepared.views] })
    }
    const [images = batch.images, ...viewed] = open.images()
    return { ...batch, images, ...(views.length > 0 && { views: viewed }) }
  }

  /** The features of validation images. Averaged weights change with each step, those of frozen parts in their last digits. */
  private async validationFeatures(): Promise<SplitFeatures | undefined> {
    const { model, run } = this.options
    const cache = model.plan.average ? undefined : await this.cacheFor(this.state.epoch)
    if (!cache) return undefined
    const views = (model.views ?? []).map(() => undefined)
    return {
      source: cache.source('inference'),
      async featuresOf(batch, state) {
        const features = await cache.featuresOf(batch, run.info.batch, state)
        return (at, images) => headFeatures(model, at, images, views, features)
      },
    }
  }

  /** @param predicted receives the predicted class of each validation image */
  private async evaluate(predicted: (number | null)[]): Promise<Scores | undefined> {
    const { data, run, interrupted } = this.options
    const cache = await this.validationFeatures()
    return evaluateSplit(this.predictor, data, {
      split: 'val',
      batch: run.info.batch,
      images: this.images,
      ...(cache && { cache }),
      onAnswer: (index, { probabilities }) => {
        if (probabilities.length > 0) predicted[index] = argMax(probabilities)
      },
      ...(interrupted && { interrupted }),
    })
  }

  private async endEpoch(evaluation: Scores, predicted: readonly (number | null)[]): Promise<void> {
    const { run, reporter } = this.options
    const { epoch, step, stepInEpoch, lossSums } = this.state
    const losses = Object.fromEntries(Object.entries(lossSums).map(([name, sum]) => [name, sum / stepInEpoch]))
    const { images } = evaluation
    const { secondsPerStep, waitingShare: waitingForData } = this.meter
    await this.journal.epoch({ epoch: epoch + 1, step, losses, evaluation, secondsPerStep, waitingForData })
    if (predicted.some((label) => label !== null))
      await writeValidationPredictions(run.path, { epoch: epoch + 1, predicted: [...predicted] })
    const score = scoreValue(evaluation)
    const better = score !== undefined && score > (run.info.bestScore ?? Number.NEGATIVE_INFINITY)
    const stale = better || score === undefined ? 0 : this.state.stale + 1
    this.state = { ...this.state, epoch: epoch + 1, stepInEpoch: 0, position: 0, lossSums: {}, stale }
    await this.save(score)
    reporter.say(this.meter.epochLine(epoch, losses, images > 0 ? `val: ${scoresText(evaluation)}` : 'no val images'))
  }

  private async save(score: number | undefined): Promise<void> {
    const { run, learner } = this.options
    const logBytes = await run.log.bytes()
    await run.saveCheckpoint(await learner.checkpoint({ ...this.state, logBytes }), score)
    this.savedAt = performance.now()
  }

  async close(): Promise<void> {
    await this.images.close()
  }

  /** The error with what is left to go on from. Between steps all is whole, and is kept first. */
  async failed(error: unknown): Promise<unknown> {
    const { run, reporter } = this.options
    const failure = error instanceof Failure ? error : outOfMemory(error)
    if (!failure) return error
    const { problem } = failure
    if (!this.broken && problem.code !== 'cannot-write')
      await this.save(undefined).catch((reason: unknown) => reporter.warn(reasonOf(reason)))
    const left = `${run.path} holds ${run.info.last}, a complete checkpoint: continue with --resume`
    return new Failure({ ...problem, help: problem.help ? `${problem.help}; ${left}` : left }, { cause: failure.cause })
  }
}

type FeaturedBatch = Batch & { readonly features?: BatchFeatures }

function sumOf(counts: CacheCounts, others: CacheCounts | undefined): CacheCounts {
  if (!others) return counts
  return { computed: counts.computed + others.computed, found: counts.found + others.found }
}

function differenceOf(counts: CacheCounts, before: CacheCounts): CacheCounts {
  return { computed: counts.computed - before.computed, found: counts.found - before.found }
}

/** Of groups with a rate of their own; 0 while one is frozen. */
function groupRates(groups: readonly ParameterGroup[], { epoch, rate }: StepInfo): Record<string, number> {
  const own = groups.filter((group) => group.rate !== 1 || isFrozen(group, epoch))
  return Object.fromEntries(own.map((group) => [group.name, isFrozen(group, epoch) ? 0 : rate * group.rate]))
}

function added(sums: Readonly<Record<string, number>>, losses: StepLosses): Record<string, number> {
  return Object.fromEntries(Object.entries(losses).map(([name, value]) => [name, (sums[name] ?? 0) + value]))
}
