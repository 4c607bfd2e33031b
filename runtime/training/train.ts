import * as tf from '@tensorflow/tfjs-core'
import { batchesInEpoch, evalBatches, trainBatches } from '../data/batches.js'
import type { DataSet } from '../data/dataset.js'
import { PictureSource } from '../data/pictures.js'
import { Failure } from '../failure.js'
import type { ImageStep } from '../images/preprocess.js'
import { answerOf } from '../inference/answer.js'
import { EnginePredictor } from '../inference/engine.js'
import { type Evaluation, EvaluationCounter, top1Text } from '../inference/evaluate.js'
import type { Model } from '../model.js'
import type { Reporter } from '../reporter.js'
import type { Checkpoint, RunFolder } from '../runs/folder.js'
import type { StoredTensor } from '../weights/file.js'
import { permutedShape, permuteValues } from '../weights/layout.js'
import { readCanonical, WeightStore } from '../weights/store.js'
import { baseRate, makeOptimizer, type Optimizer } from './optimizers.js'
import { ProgressMeter } from './progress.js'
import { makeSchedule } from './schedules.js'
import { trainStep } from './step.js'

export interface TrainOptions {
  readonly model: Model
  readonly data: DataSet
  readonly run: RunFolder
  readonly reporter: Reporter
  /** What begins from these and not from the seed. */
  readonly weights?: ReadonlyMap<string, StoredTensor>
  /** Go on from the run's last checkpoint. */
  readonly resume?: boolean
  /** True when a person asked to stop: the step under way is finished first. */
  readonly interrupted?: () => boolean
}

export interface TrainResult {
  readonly epochs: number
  readonly steps: number
  readonly seconds: number
  /** Of steps alone, without evaluation. */
  readonly secondsPerStep: number
  readonly evaluation: Evaluation | undefined
  readonly interrupted: boolean
}

/** Trains a generated model on a data set, epoch by epoch, with a checkpoint after each. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { model, data, run, reporter } = options
  const { plan } = model
  const { seed, epochs, batch } = run.info
  const optimizer = makeOptimizer(plan.optimizer)
  const schedule = makeSchedule(plan.schedule)
  const { weights, state } = await begin(options, optimizer)
  const predictor = new EnginePredictor(model, data.classes, weights)
  const pictures = new PictureSource({ reporter })
  const steps = trainingSteps(model)
  const stepsPerEpoch = batchesInEpoch(data.splits.train.length, batch)
  const meter = new ProgressMeter(reporter, epochs, stepsPerEpoch, batch)
  let { step } = state
  let evaluation: Evaluation | undefined
  let stopped = false
  for (let epoch = state.epoch; epoch < epochs && !stopped; epoch++) {
    const sums = new Map<string, number>()
    let count = 0
    for await (const made of trainBatches(data.splits.train, {
      size: model.image.size,
      steps,
      batch,
      seed,
      epoch,
      reporter,
      pictures,
    })) {
      const rate = baseRate(plan.optimizer) * schedule(epoch + count / stepsPerEpoch, epochs)
      const losses = meter.time(() => trainStep(made, { model, weights, optimizer, rate, seed, step }))
      for (const [name, value] of Object.entries(losses)) sums.set(name, (sums.get(name) ?? 0) + value)
      count++
      step++
      meter.show({ epoch, step: count, rate, losses })
      // Lets signals and pictures in; a step itself never yields.
      await new Promise((resolve) => setImmediate(resolve))
      if (options.interrupted?.()) {
        stopped = true
        break
      }
    }
    if (stopped) break
    evaluation = await evaluateSplit(predictor, data, 'val', batch, reporter, pictures)
    const losses = Object.fromEntries([...sums].map(([name, sum]) => [name, sum / count]))
    const { pictures: evaluated, top1, top5, localisation } = evaluation
    await run.log({
      epoch: epoch + 1,
      step,
      losses,
      val: { pictures: evaluated, top1, top5, ...(localisation && { localisation }) },
      secondsPerStep: meter.secondsPerStep,
      memory: process.memoryUsage.rss(),
      tensors: tf.memory().numTensors,
    })
    await run.saveCheckpoint(
      await checkpointOf(weights, optimizer, { epoch: epoch + 1, step, optimizerSteps: optimizer.steps }),
      evaluated > 0 ? top1.joint : undefined,
    )
    reporter.say(meter.epochLine(epoch, losses, evaluated > 0 ? `val: ${top1Text(evaluation)}` : 'no val pictures'))
  }
  const result = {
    epochs: run.info.epochs,
    steps: step,
    seconds: meter.seconds,
    secondsPerStep: meter.secondsPerStep,
    evaluation,
    interrupted: stopped,
  }
  optimizer.dispose()
  weights.dispose()
  return result
}

/** In training the augmentation stands for the input's steps; normalisation always comes last, as in evaluation. */
export function trainingSteps({ image, plan }: Model): readonly ImageStep[] {
  if (!plan.augment) return image.steps
  return [
    ...plan.augment.filter(({ name }) => name !== 'normalize'),
    ...image.steps.filter(({ name }) => name === 'normalize'),
  ]
}

/** The split's pictures through the model, counted. */
export async function evaluateSplit(
  predictor: EnginePredictor,
  data: DataSet,
  split: 'train' | 'val' | 'test',
  batch: number,
  reporter: Reporter,
  pictures?: PictureSource,
): Promise<Evaluation> {
  const counter = new EvaluationCounter(data.classes)
  const samples = data.splits[split]
  const { size, steps } = predictor.model.image
  for await (const made of evalBatches(samples, { size, steps, batch, reporter, ...(pictures && { pictures }) })) {
    const outputs = await predictor.run(made.images, made.labels.length)
    made.indices.forEach((sampleIndex, index) => {
      const sample = samples[sampleIndex]
      if (sample) counter.add(answerOf(outputs, index), sample)
    })
  }
  return counter.result()
}

async function begin({ model, run, weights: given, resume, reporter }: TrainOptions, optimizer: Optimizer) {
  const fresh = { epoch: 0, step: 0, optimizerSteps: 0 }
  if (resume) {
    const checkpoint = await run.readCheckpoint('last')
    const weights = WeightStore.from(model.parameters, checkpoint.tensors, run.weightsPath('last'))
    restoreSlots(model, optimizer, checkpoint)
    reporter.say(`going on after epoch ${checkpoint.state.epoch}`)
    return { weights, state: checkpoint.state }
  }
  return { weights: WeightStore.initial(model.parameters, run.info.seed, given), state: fresh }
}

async function checkpointOf(
  weights: WeightStore,
  optimizer: Optimizer,
  state: Checkpoint['state'],
): Promise<Checkpoint> {
  const slots = new Map<string, StoredTensor>()
  for (const [slot, variables] of optimizer.slots)
    for (const parameter of weights.parameters) {
      const variable = variables.get(parameter.name)
      if (variable)
        slots.set(`${slot}/${parameter.name}`, {
          shape: parameter.shape,
          values: await readCanonical(variable, parameter),
        })
    }
  return { tensors: await weights.read(), slots, state }
}

function restoreSlots(model: Model, optimizer: Optimizer, { slots, state }: Checkpoint): void {
  const parameters = new Map(model.parameters.map((parameter) => [parameter.name, parameter]))
  for (const [key, { values, shape }] of slots) {
    const slash = key.indexOf('/')
    const parameter = parameters.get(key.slice(slash + 1))
    const variables = optimizer.slots.get(key.slice(0, slash))
    if (!parameter || !variables)
      throw new Failure({
        code: 'run-unreadable',
        message: `the checkpoint has optimiser state ${key} that the spec does not know`,
        help: 'resume with the spec and the optimiser of the run',
      })
    const { layout } = parameter
    const initial = tf.tensor(
      layout ? permuteValues(values, shape, layout) : values,
      layout ? permutedShape(shape, layout) : [...shape],
    )
    variables.set(parameter.name, tf.variable(initial, false))
    initial.dispose()
  }
  optimizer.steps = state.optimizerSteps
}
