import * as tf from '@tensorflow/tfjs-core'
import type { Batch } from '../data/batches.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import type { Checkpoint, TrainingState } from '../runs/checkpoint.js'
import type { StoredTensor } from '../weights/file.js'
import { permutedShape, permuteValues } from '../weights/layout.js'
import { readCanonical, WeightStore } from '../weights/store.js'
import { makeOptimizer, type Optimizer } from './optimizers.js'
import { type StepLosses, trainStep } from './step.js'

/** All that learning changes, on the engine: weights, statistics and centres, and what the optimiser remembers. */
export class Learner {
  private constructor(
    private readonly model: Model,
    private readonly seed: number,
    readonly weights: WeightStore,
    private readonly optimizer: Optimizer,
  ) {}

  /** From the seed, those weights aside that are given. */
  static begin(model: Model, seed: number, given?: ReadonlyMap<string, StoredTensor>): Learner {
    const weights = WeightStore.initial(model.parameters, seed, given)
    return new Learner(model, seed, weights, makeOptimizer(model.plan.optimizer))
  }

  /** As it was when the checkpoint was made. @param path what messages call the checkpoint */
  static restore(model: Model, seed: number, checkpoint: Checkpoint, path: string): Learner {
    const weights = WeightStore.from(model.parameters, checkpoint.tensors, path)
    const optimizer = makeOptimizer(model.plan.optimizer)
    restoreSlots(model, optimizer, checkpoint)
    return new Learner(model, seed, weights, optimizer)
  }

  step(batch: Batch, step: number, rate: number): StepLosses {
    const { model, weights, optimizer, seed } = this
    return trainStep(batch, { model, weights, optimizer, rate, seed, step })
  }

  async checkpoint(state: Omit<TrainingState, 'optimizerSteps'>): Promise<Checkpoint> {
    const slots = new Map<string, StoredTensor>()
    for (const [slot, variables] of this.optimizer.slots)
      for (const parameter of this.weights.parameters) {
        const variable = variables.get(parameter.name)
        if (variable)
          slots.set(`${slot}/${parameter.name}`, {
            shape: parameter.shape,
            values: await readCanonical(variable, parameter),
          })
      }
    return {
      tensors: await this.weights.read(),
      slots,
      state: { ...state, optimizerSteps: this.optimizer.steps },
    }
  }

  dispose(): void {
    this.optimizer.dispose()
    this.weights.dispose()
  }
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
