import * as tf from '@tensorflow/tfjs-core'
import type { Batch } from '../data/batches.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { Scope } from '../scope.js'
import type { WeightStore } from '../weights/store.js'
import type { Optimizer } from './optimizers.js'

/** The losses of one step by name, `total` among them. */
export type StepLosses = Readonly<Record<string, number>>

export interface StepOptions {
  readonly model: Model
  readonly weights: WeightStore
  readonly optimizer: Optimizer
  readonly rate: number
  readonly seed: number
  /** Counted from 0 over the whole training: with the seed it names the step's random numbers. */
  readonly step: number
}

/** One step: losses forward, gradients back, weights moved. @throws Failure `loss-not-finite` */
export function trainStep(
  batch: Pick<Batch, 'images' | 'labels'>,
  { model, weights, optimizer, rate, seed, step }: StepOptions,
): StepLosses {
  const { losses } = model
  if (!losses)
    throw new Failure({
      code: 'no-loss',
      message: `model ${model.name} has no loss to train with`,
      help: 'add a loss block to the spec',
    })
  const values = tf.tidy(() => {
    const size = model.image.size
    const images = tf.tensor4d(batch.images, [batch.labels.length, size, size, 3])
    const label = tf.tensor1d(batch.labels, 'int32')
    const at = Scope.of({ variables: weights.variables, training: true, key: [seed, 'step', step] })
    let named: Record<string, number> = {}
    const { grads } = tf.variableGrads(() => {
      const parts = losses(at, model.forward(at, images), label, images)
      const total = tf.addN<tf.Scalar>(Object.values(parts))
      // One transfer for all; outside of this function the parts are gone.
      const all = Object.entries({ ...parts, total })
      const numbers = tf.stack(all.map(([, loss]) => loss)).dataSync()
      named = Object.fromEntries(all.map(([name], index) => [name, numbers[index] ?? Number.NaN]))
      return total
    }, weights.trainable)
    if (Object.values(named).every(Number.isFinite))
      optimizer.apply(weights.variables, gradientsByName(weights, grads), rate)
    return named
  })
  const bad = Object.entries(values).find(([, value]) => !Number.isFinite(value))
  if (bad)
    throw new Failure({
      code: 'loss-not-finite',
      message: `loss ${bad[0]} is ${bad[1]} at step ${step + 1}`,
      help: 'lower the learning rate, for example to a tenth; the last checkpoint is untouched',
    })
  return values
}

/** tfjs calls gradients by its own names of variables. */
function gradientsByName(weights: WeightStore, gradients: Readonly<Record<string, tf.Tensor>>): Map<string, tf.Tensor> {
  return new Map(
    [...weights.variables].flatMap(([name, variable]) => {
      const gradient = gradients[variable.name]
      return gradient ? [[name, gradient] as const] : []
    }),
  )
}
