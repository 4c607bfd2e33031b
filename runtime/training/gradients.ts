import * as tf from '@tensorflow/tfjs-core'
import type { Batch } from '../data/batches.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { type RunState, Scope } from '../scope.js'
import type { WeightStore } from '../weights/store.js'

export interface Slopes {
  /** A loss on the engine, by name: read all at once, when the gradients are there, too. */
  readonly names: readonly string[]
  readonly losses: tf.Tensor1D
  readonly gradients: ReadonlyMap<string, tf.Tensor>
}

/** Losses forward, gradients back. What it gives belongs to the caller's tidy. */
export function slopesOf(
  model: Model,
  batch: Pick<Batch, 'images' | 'labels'>,
  weights: WeightStore,
  learning: readonly tf.Variable[],
  around: Omit<RunState, 'variables' | 'training'>,
): Slopes {
  const { losses } = model
  if (!losses)
    throw new Failure({
      code: 'no-loss',
      message: `model ${model.name} has no loss to train with`,
      help: 'add a loss block to the spec',
    })
  const { size } = model.image
  const images = tf.tensor4d(batch.images, [batch.labels.length, size, size, 3])
  const label = tf.tensor1d(batch.labels, 'int32')
  const at = Scope.of({ variables: weights.variables, training: true, ...around })
  let names: readonly string[] = []
  let values: tf.Tensor1D | undefined
  const { value, grads } = tf.variableGrads(() => {
    const parts = losses(at, model.forward(at, images), label, images)
    const total = tf.addN<tf.Scalar>(Object.values(parts))
    names = [...Object.keys(parts), 'total']
    // Outside of this function all but the total is gone.
    values = tf.keep(tf.stack([...Object.values(parts), total]) as tf.Tensor1D)
    return total
  }, [...learning])
  value.dispose()
  if (!values) throw new Error('the losses were not computed')
  return { names, losses: values, gradients: byName(weights, grads) }
}

/** tfjs calls gradients by its own names of variables. */
function byName(weights: WeightStore, gradients: Readonly<Record<string, tf.Tensor>>): Map<string, tf.Tensor> {
  return new Map(
    [...weights.variables].flatMap(([name, variable]) => {
      const gradient = gradients[variable.name]
      return gradient ? [[name, gradient] as const] : []
    }),
  )
}
