import * as tf from '@tensorflow/tfjs-core'
import { detach } from './attention.js'

type Axes = number | number[]

/** The largest value along the axes. Where several are the largest, each gets an equal share of the gradient. */
export function maxOver<T extends tf.Tensor>(x: tf.Tensor, axes: Axes, keep = false): T {
  const largest = tf.customGrad((value: unknown, save: unknown) => {
    const input = value as tf.Tensor
    const result = tf.max(input, axes, true)
    ;(save as tf.GradSaveFunc)([input, result])
    return {
      value: result,
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => {
        const [given, found] = saved as [tf.Tensor, tf.Tensor]
        const isLargest = tf.cast(tf.equal(given, found), 'float32')
        return tf.mul(isLargest, tf.div(gradient, tf.sum(isLargest, axes, true)))
      },
    }
  })(x)
  return withoutAxes(largest, axes, keep)
}

/** The smallest value along the axes, likewise. */
export function minOver<T extends tf.Tensor>(x: tf.Tensor, axes: Axes, keep = false): T {
  return tf.neg(maxOver<T>(tf.neg(x), axes, keep))
}

/** The mean of (x - mean)^2 along the axes. */
export function variance<T extends tf.Tensor>(x: tf.Tensor, axes: Axes, keep = false): T {
  return tf.mean(tf.square(tf.sub(x, tf.mean(x, axes, true))), axes, keep)
}

/** log(sum of exp(x)) along the axes, the largest value subtracted first where it is finite. */
export function logsumexp<T extends tf.Tensor>(x: tf.Tensor, axes: Axes, keep = false): T {
  const largest = tf.max(detach(x), axes, true)
  const shift = tf.where(tf.isFinite(largest), largest, tf.zerosLike(largest))
  const logarithm = tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, shift)), axes, true)), shift)
  return withoutAxes(logarithm, axes, keep)
}

/** The sum of each value and those before it along an axis. */
export function cumsum<T extends tf.Tensor>(x: tf.Tensor, axis: number): T {
  // TensorFlow.js's gradient confuses axes.
  const sums = tf.customGrad((value) => ({
    value: tf.cumsum(value as tf.Tensor, axis),
    gradFunc: (gradient: tf.Tensor) => tf.cumsum(gradient, axis, false, true),
  }))
  return sums(x) as T
}

function withoutAxes<T extends tf.Tensor>(x: tf.Tensor, axes: Axes, keep: boolean): T {
  const result: tf.Tensor = keep ? x : tf.squeeze(x, typeof axes === 'number' ? [axes] : axes)
  return result as T
}
