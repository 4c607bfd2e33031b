import * as tf from '@tensorflow/tfjs-core'
import { logsumexp } from './reductions.js'

/** The logarithm of the softmax along an axis that is not the last one. */
export function logSoftmaxOver<T extends tf.Tensor>(x: tf.Tensor, axis: number): T {
  const logarithms: tf.Tensor = tf.sub(x, logsumexp(x, axis, true))
  return logarithms as T
}

/** The softmax along an axis that is not the last one. */
export function softmaxOver<T extends tf.Tensor>(x: tf.Tensor, axis: number): T {
  const probabilities: tf.Tensor = tf.exp(tf.sub(x, logsumexp(x, axis, true)))
  return probabilities as T
}
