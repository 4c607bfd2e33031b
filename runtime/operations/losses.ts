import * as tf from '@tensorflow/tfjs-core'
import { addRows, membership } from '../kernels/index.js'
import type { Scope } from '../scope.js'
import { withoutGradient } from './without_gradient.js'

/**
 * Mean over the batch of the cross-entropy between the label, int32 [batch], smoothed, and softmax(logits); with the scope's class weights, if any,
 * as in torch.nn.functional.cross_entropy.
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  label: tf.Tensor1D,
  at: Scope,
  { smoothing = 0 }: { smoothing?: number } = {},
): tf.Scalar {
  const [batch, classes] = logits.shape
  const { classWeights } = at
  const chosen = membership(label, classes)
  const target = smoothing === 0 ? chosen : tf.add(tf.mul(chosen, 1 - smoothing), smoothing / classes)
  const terms = tf.mul(target, tf.logSoftmax(logits))
  if (!classWeights) return tf.neg(tf.div<tf.Scalar>(tf.sum(terms), batch))
  return tf.neg(tf.div<tf.Scalar>(tf.sum(tf.mul(terms, classWeights)), tf.sum(tf.mul(chosen, classWeights))))
}

/** The student's cross-entropy with the teacher's softened probabilities, without a factor T^2. */
export function distill(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  { temperature = 10 }: { temperature?: number } = {},
): tf.Scalar {
  const soft = tf.softmax(tf.div<tf.Tensor2D>(teacher, temperature))
  const logs = tf.logSoftmax(tf.div<tf.Tensor2D>(student, temperature))
  return tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(soft, logs), 1)))
}

export interface CenterLossOptions {
  readonly per?: string
  readonly momentum?: number
  readonly normalize?: boolean
}

const smallestSquare = 1e-12

/**
 * The distance of embeddings to the centres of their classes. In training the centres move by 1 - momentum, with updates summed over the images of a
 * class.
 */
export function centerLoss(
  embedding: tf.Tensor,
  label: tf.Tensor1D,
  at: Scope,
  options: CenterLossOptions = {},
): tf.Scalar {
  const { per = 'class', momentum = 0.95, normalize = true } = options
  const batch = embedding.shape[0] as number
  const centers = at.get<tf.Tensor2D>('centers')
  const rows = tf.reshape(embedding, [batch, -1]) as tf.Tensor2D
  const index = per === 'class' ? label : tf.zeros<tf.Rank.R1>([batch], 'int32')
  const current = withoutGradient<tf.Tensor2D>(() => tf.gather(centers, index))
  const length = tf.sqrt(tf.maximum(tf.sum(tf.square(current), 1, true), smallestSquare))
  const compared: tf.Tensor2D = normalize ? tf.div(current, length) : current
  const away = tf.sub<tf.Tensor2D>(rows, compared)
  if (at.training)
    addRows(
      centers,
      index,
      withoutGradient(() => tf.mul(away, 1 - momentum)),
    )
  return tf.div(tf.sum(tf.square(away)), batch)
}
