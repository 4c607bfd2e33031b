import * as tf from '@tensorflow/tfjs-core'
import { elementAt, present } from '../../grammar/present.js'
import type { Batch } from '../data/batches.js'
import type { Mixed } from '../data/mixing.js'
import { Failure } from '../failure.js'
import type { Features, Model } from '../model.js'
import { type RunState, Scope } from '../scope.js'
import type { WeightStore } from '../weights/store.js'
import { gradientsOf } from './backward.js'
import type { BatchFeatures } from './feature_values.js'

export interface LossesAndGradients {
  /** Losses on the engine with their names, read together once the gradients are computed. */
  readonly names: readonly string[]
  readonly losses: tf.Tensor1D
  readonly gradients: ReadonlyMap<string, tf.Tensor>
}

/** The part of a batch that a step needs. */
export type TrainingBatch = Pick<Batch, 'images' | 'views' | 'labels' | 'targets' | 'mixed'> & {
  readonly features?: BatchFeatures
}

/**
 * Computes losses and gradients. The result belongs to the caller's tidy.
 *
 * @param step the number of one of several optimizer steps on the batch, from 0; all losses without
 */
export function computeGradients(
  model: Model,
  batch: TrainingBatch,
  weights: WeightStore,
  learning: readonly tf.Variable[],
  around: Omit<RunState, 'variables' | 'training'>,
  step?: number,
): LossesAndGradients {
  const { size } = model.image
  const images = imageTensor(batch.images, size, batch.labels.length)
  const given = givenTensors(model, batch)
  const at = Scope.of({ variables: weights.variables, training: true, ...around })
  let names: readonly string[] = []
  let values: tf.Tensor1D | undefined
  const { value, gradients } = gradientsOf(
    () => {
      const parts =
        step === undefined
          ? allLosses(model, at, images, given, batch)
          : elementAt(model.steps ?? [], step)(at, images, ...given, ...featureTensors(model, at, images, batch))
      const total = tf.addN<tf.Scalar>(Object.values(parts))
      names = [...Object.keys(parts), 'total']
      // All losses except the total are disposed of after this function.
      values = tf.keep(tf.stack([...Object.values(parts), total]) as tf.Tensor1D)
      return total
    },
    learning,
    around.watch,
  )
  around.watch?.leave()
  value.dispose()
  if (!values) throw new Error('the losses were not computed')
  return { names, losses: values, gradients: byName(weights, gradients) }
}

/** @throws Failure `no-loss` */
function allLosses(
  model: Model,
  at: Scope,
  images: tf.Tensor4D,
  given: readonly tf.Tensor[],
  batch: TrainingBatch,
): Readonly<Record<string, tf.Scalar>> {
  const { losses } = model
  if (!losses)
    throw new Failure({
      code: 'no-loss',
      message: `model ${model.name} has no loss to train with`,
      help: 'add a loss block to the spec',
    })
  const { mixed } = batch
  const forward = model.forward(at, images, ...given, ...featureTensors(model, at, images, batch))
  const own = losses(at, forward, ...given, images)
  return mixed ? weighed(own, mixed, (other) => losses(at, forward, other, images)) : own
}

/** Each loss of a mixed batch: what is left of the images by their own labels, the rest by those that were mixed in. */
function weighed(
  own: Readonly<Record<string, tf.Scalar>>,
  { labels, share }: Mixed,
  lossesBy: (label: tf.Tensor1D) => Readonly<Record<string, tf.Scalar>>,
): Record<string, tf.Scalar> {
  const other = lossesBy(tf.tensor1d(labels, 'int32'))
  return Object.fromEntries(
    Object.entries(own).map(([name, loss]) => {
      const mixedIn = other[name]
      if (!mixedIn) throw new Error(`the loss ${name} is gone`)
      return [name, tf.add<tf.Scalar>(tf.mul(loss, share), tf.mul(mixedIn, 1 - share))]
    }),
  )
}

/** Returns the label inputs of a batch in the order of the model: [B] class indices, or [B, size] numbers. */
export function labelTensors(
  { signature }: Pick<Model, 'signature'>,
  { labels, targets }: Pick<Batch, 'labels' | 'targets'>,
): tf.Tensor[] {
  // Where a class is all that is known of the images, it is the only label.
  if (!targets || !signature) return [tf.tensor1d(labels, 'int32')]
  return signature.labels.map(({ name, kind, size }) => {
    const values = present(targets[name], `the label ${name} of a batch`)
    return kind === 'Class' ? tf.tensor1d(Int32Array.from(values), 'int32') : tf.tensor2d(values, [labels.length, size])
  })
}

/** Returns the inputs of training beside the images, in the order of the model: label inputs, then views. */
export function givenTensors(model: Model, batch: Pick<Batch, 'views' | 'labels' | 'targets'>): tf.Tensor[] {
  return [...labelTensors(model, batch), ...viewTensors(model, batch)]
}

/** Returns the views of a batch in the order of the model, [B, size, size, 3]. */
function viewTensors(
  { views = [] }: Pick<Model, 'views'>,
  { labels, views: given = [] }: Pick<Batch, 'labels' | 'views'>,
): tf.Tensor4D[] {
  return views.map(({ size }, index) => imageTensor(elementAt(given, index), size, labels.length))
}

/** Returns images as a tensor [B, size, size, 3]; [B, 0, 0, 3] where nothing needs them, and they were not prepared. */
export function imageTensor(images: Float32Array, size: number, count: number): tf.Tensor4D {
  if (images.length === count * size * size * 3) return tf.tensor4d(images, [count, size, size, 3])
  if (images.length > 0) throw new Error(`${images.length} values for ${count} images`)
  return tf.tensor4d(images, [count, 0, 0, 3])
}

/** Returns the features that the head takes, as its last argument; parts that are no longer frozen are computed. Empty without features. */
function featureTensors(
  model: Model,
  at: Scope,
  images: tf.Tensor4D,
  { features, ...batch }: TrainingBatch,
): readonly Features[] {
  if (!features) return []
  return [headFeatures(model, at, images, viewTensors(model, batch), features)]
}

/** Returns the features of the first frozen part from those of any part. */
export function headFeatures(
  { features: parts = [] }: Pick<Model, 'features'>,
  at: Scope,
  images: tf.Tensor4D,
  views: readonly (tf.Tensor4D | undefined)[],
  { part, values }: BatchFeatures,
): Features {
  let computed: Features = Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  )
  for (const one of parts.slice(0, part).reverse()) computed = one.compute(at, images, ...views, computed)
  return computed
}

function byName(weights: WeightStore, gradients: ReadonlyMap<tf.Variable, tf.Tensor>): ReadonlyMap<string, tf.Tensor> {
  return new Map(
    [...weights.variables].flatMap(([name, variable]) => {
      const gradient = gradients.get(variable)
      return gradient ? [[name, gradient] as const] : []
    }),
  )
}
