import * as tf from '@tensorflow/tfjs-core'
import { elementAt, present } from '../../grammar/present.js'
import { Failure } from '../failure.js'
import { sumOfSquares } from '../kernels/sum_of_squares.js'
import type { Model } from '../model.js'
import type { Checkpoint, TrainingState } from '../runs/checkpoint.js'
import type { RunState } from '../scope.js'
import { WeightStore } from '../weights/store.js'
import type { StoredTensor } from '../weights/weight_file.js'
import { WeightAverage } from './average.js'
import { computeGradients, type TrainingBatch } from './gradients.js'
import { MovingAverages } from './moving_averages.js'
import { NotFinite } from './not_finite.js'
import { readOptimizerState, restoreOptimizerState } from './optimizer_state.js'
import { makeOptimizer, type Optimizer } from './optimizers.js'
import { isFrozen, type ParameterSettings, parameterSettings } from './parameter_settings.js'
import type { StepProfile } from './profile.js'

/** The losses of one step by name, `total` among them. */
export type StepLosses = Readonly<Record<string, number>>

export interface StepResult {
  /** Means over the step's batches. */
  readonly losses: StepLosses
  /** The global norm before clipping; with several optimizer steps per batch, the largest. */
  readonly gradientNorm: number
}

export interface StepInfo {
  /** The number of completed steps, which with the seed determines the step's random numbers. */
  readonly step: number
  /** Completed epochs, as a fraction. */
  readonly epoch: number
  readonly rate: number
}

export interface LearnerOptions {
  readonly model: Model
  readonly seed: number
  /** [classes]: the weight of each class. */
  readonly classWeights?: Float32Array
  readonly profile?: StepProfile
}

interface Computed {
  readonly gradients: readonly (readonly [name: string, sum: tf.Tensor])[]
  readonly losses: readonly (readonly [name: string, value: number])[]
  /** The norm of the accumulated gradients after the last batch of a step; 0 before it. */
  readonly norm: number
}

interface GradientAccumulator {
  readonly gradients: Map<string, tf.Tensor>
  readonly losses: Map<string, number>
  batches: number
}

/** The state of training on the engine: weights, statistics and centres, optimizer state, and the moving average. */
export class Learner {
  private readonly settings: ReadonlyMap<string, ParameterSettings>
  private readonly classWeights: tf.Tensor1D | undefined
  private readonly movingAverages: MovingAverages
  private accumulated: GradientAccumulator = emptyAccumulator()

  private constructor(
    private readonly options: LearnerOptions,
    private readonly learning: WeightStore,
    private readonly optimizer: Optimizer,
    private readonly average: WeightAverage | undefined,
  ) {
    const { model, classWeights } = options
    this.settings = parameterSettings(model.plan, model.parameters)
    this.classWeights = classWeights && tf.tensor1d(classWeights)
    this.movingAverages = new MovingAverages(model.parameters)
  }

  /** Starts from the given weights; the others are initialised from the seed. */
  static begin(options: LearnerOptions, given?: ReadonlyMap<string, StoredTensor>): Learner {
    const { model, seed } = options
    const { optimizer, average } = model.plan
    const weights = () => WeightStore.initial(model.parameters, seed, given)
    const beside = average && new WeightAverage(average, weights())
    return new Learner(options, weights(), makeOptimizer(optimizer), beside)
  }

  /** Restores the state of a checkpoint. @param path the checkpoint's name in messages */
  static restore(options: LearnerOptions, checkpoint: Checkpoint, path: string): Learner {
    const { model } = options
    const beside = under(checkpoint.slots, learningPrefix)
    const weights = WeightStore.from(model.parameters, beside.size > 0 ? beside : checkpoint.tensors, path)
    const optimizer = makeOptimizer(model.plan.optimizer)
    restoreOptimizerState(model, optimizer, checkpoint)
    const { average } = model.plan
    const averaged = average && WeightStore.from(model.parameters, checkpoint.tensors, path)
    return new Learner(options, weights, optimizer, averaged && new WeightAverage(average, averaged))
  }

  /** The weights to evaluate and export: the moving average, if there is one. */
  get weights(): WeightStore {
    return this.average?.weights ?? this.learning
  }

  /**
   * Accumulates the gradients of a batch; the last batch of a step updates the weights. Nothing is updated if a loss or gradient is not finite.
   *
   * @throws NotFinite
   */
  accumulate(batch: TrainingBatch, moment: StepInfo, last: boolean): StepResult | undefined {
    const learn = () => this.learn(batch, moment, last)
    return this.options.profile ? this.options.profile.measure(learn) : learn()
  }

  private learn(batch: TrainingBatch, moment: StepInfo, last: boolean): StepResult | undefined {
    const { steps } = this.options.model
    if (!steps) return this.learnOnce(batch, moment, last)
    const results = steps.map((_, index) => present(this.learnOnce(batch, moment, last, index), 'the result of a step'))
    const total = results.reduce((sum, { losses }) => sum + present(losses.total, 'the total loss'), 0)
    const own = results.flatMap(({ losses }) => Object.entries(losses).filter(([name]) => name !== 'total'))
    return {
      losses: { ...Object.fromEntries(own), total },
      gradientNorm: Math.max(...results.map(({ gradientNorm }) => gradientNorm)),
    }
  }

  /** @param step the number of one of several optimizer steps on the batch, from 0 */
  private learnOnce(batch: TrainingBatch, moment: StepInfo, last: boolean, step?: number): StepResult | undefined {
    const { gradients, losses, norm } = this.compute(batch, moment, last, step)
    const { accumulated } = this
    for (const [name, sum] of gradients) {
      accumulated.gradients.get(name)?.dispose()
      accumulated.gradients.set(name, sum)
    }
    for (const [name, value] of losses) accumulated.losses.set(name, (accumulated.losses.get(name) ?? 0) + value)
    accumulated.batches++
    const bad = losses.find(([, value]) => !Number.isFinite(value))
    if (bad) throw new NotFinite({ loss: bad[0], value: bad[1], step: moment.step })
    if (!last) return undefined
    if (!Number.isFinite(norm)) throw new NotFinite({ gradients: nonFinite(gradients), step: moment.step })
    return this.applyUpdate(moment, norm / accumulated.batches)
  }

  async checkpoint(state: Omit<TrainingState, 'optimizerSteps' | 'began'>): Promise<Checkpoint> {
    const { optimizer, learning, average } = this
    const slots = await readOptimizerState(this.options.model, optimizer)
    if (average) for (const [name, tensor] of await learning.read()) slots.set(`${learningPrefix}${name}`, tensor)
    const steps = { optimizerSteps: optimizer.steps, began: Object.fromEntries(optimizer.began) }
    return { tensors: await this.weights.read(), slots, state: { ...state, ...steps } }
  }

  /** The inputs of a forward pass besides the weights. */
  runState({ step, epoch }: StepInfo, part?: number): Omit<RunState, 'variables' | 'training'> {
    const { seed, model } = this.options
    // Either a step has several batches, or a batch has several steps.
    const number = part ?? this.accumulated.batches
    const paths = (frozen: boolean) =>
      model.plan.groups.filter((group) => isFrozen(group, epoch) === frozen).map(({ path }) => path)
    const frozen = [...paths(true), ...this.movingAverages.paths]
    return {
      key: [seed, 'step', step, ...(number === 0 ? [] : [number])],
      ...(frozen.length > 0 && { frozen, learning: paths(false) }),
      ...(this.classWeights && { classWeights: this.classWeights }),
      ...(this.options.profile && { watch: this.options.profile }),
    }
  }

  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.learning.variables
  }

  /** Forgets batches of a step that has not moved the weights. */
  reset(): void {
    for (const gradient of this.accumulated.gradients.values()) gradient.dispose()
    this.accumulated = emptyAccumulator()
  }

  dispose(): void {
    this.reset()
    this.optimizer.dispose()
    this.average?.weights.dispose()
    this.learning.dispose()
    this.classWeights?.dispose()
  }

  private trainedVariables({ epoch }: StepInfo): tf.Variable[] {
    const moving = [...this.settings].flatMap(([name, { group }]) => {
      const variable = this.learning.variables.get(name)
      return variable && !isFrozen(group, epoch) ? [variable] : []
    })
    if (moving.length > 0) return moving
    throw new Failure({
      code: 'nothing-learns',
      message: `every weight is frozen in epoch ${Math.floor(epoch) + 1}`,
      help: 'leave at least one part out of the frozen groups',
    })
  }

  /** Gradients, added to what waits, and losses; with the last batch of a step the norm of all gradients together. */
  private compute(batch: TrainingBatch, moment: StepInfo, last: boolean, step: number | undefined): Computed {
    let computed: Computed = { gradients: [], losses: [], norm: 0 }
    tf.tidy(() => {
      const found = computeGradients(
        this.options.model,
        batch,
        this.learning,
        this.trainedVariables(moment),
        this.runState(moment, step),
        step,
      )
      const gradients = [...found.gradients].map(([name, gradient]): [string, tf.Tensor] => [
        name,
        tf.keep(this.added(name, gradient)),
      ])
      const square = last ? [tf.reshape<tf.Rank.R1>(sumOfSquares(gradients.map(([, sum]) => sum)), [1])] : []
      // One transfer for all.
      const numbers = tf.concat([found.losses, ...square]).dataSync()
      found.losses.dispose()
      computed = {
        gradients,
        losses: found.names.map((name, index) => [name, numbers[index] as number]),
        norm: last ? Math.sqrt(elementAt(numbers, found.names.length)) : 0,
      }
    })
    return computed
  }

  private added(name: string, gradient: tf.Tensor): tf.Tensor {
    const before = this.accumulated.gradients.get(name)
    return before ? tf.add(before, gradient) : gradient
  }

  private applyUpdate({ rate }: StepInfo, gradientNorm: number): StepResult {
    const { gradients, losses, batches } = this.accumulated
    const { clip } = this.options.model.plan
    // As torch.nn.utils.clip_grad_norm_ has it.
    const scale = (clip > 0 ? Math.min(1, clip / (gradientNorm + 1e-6)) : 1) / batches
    tf.tidy(() => {
      const moved = [...gradients].flatMap(([name, gradient]) => {
        const weight = this.learning.variables.get(name)
        const rule = this.settings.get(name)
        if (!weight || !rule) return []
        const scaled = scale === 1 ? gradient : tf.mul(gradient, scale)
        return [{ name, weight, gradient: scaled, rate: rate * rule.rate, decay: rule.decay }]
      })
      this.optimizer.apply(moved)
    })
    this.movingAverages.follow(this.learning)
    this.average?.follow(this.learning, this.optimizer.steps)
    for (const gradient of gradients.values()) gradient.dispose()
    this.accumulated = emptyAccumulator()
    return {
      losses: Object.fromEntries([...losses].map(([name, sum]) => [name, sum / batches])),
      gradientNorm,
    }
  }
}

/** Where an average is exported, the weights that learn stand with what the optimizer remembers. */
const learningPrefix = 'weight/'

function under(tensors: ReadonlyMap<string, StoredTensor>, prefix: string): Map<string, StoredTensor> {
  return new Map(
    [...tensors].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])),
  )
}

function emptyAccumulator(): GradientAccumulator {
  return { gradients: new Map(), losses: new Map(), batches: 0 }
}

/** In the order in which they were found: from the loss back. */
function nonFinite(gradients: readonly (readonly [string, tf.Tensor])[]): string[] {
  return gradients
    .filter(([, gradient]) => !gradient.dataSync().every(Number.isFinite))
    .map(([name]) => name)
    .reverse()
}
