import * as tf from '@tensorflow/tfjs-core'
import { compare } from './comparison.js'
import { withoutGradient } from './without_gradient.js'

/** The index of the largest value along an axis, the first of equal ones. It has no gradient. */
export function argmax<T extends tf.Tensor>(x: tf.Tensor, axis: number): T {
  return withoutGradient(() => tf.cast(tf.argMax(x, axis), 'float32'))
}

/** One-hot vectors along a new last axis; indices are rounded down. */
export function oneHot<T extends tf.Tensor>(x: tf.Tensor, classes: number): T {
  const index = tf.expandDims(tf.floor(tf.cast(x, 'float32')), -1)
  return compare('equal', index, tf.range(0, classes, 1, 'float32'))
}

/** The largest values along an axis in descending order, and their indices. The gradient flows to the selected values. */
export function topK<T extends tf.Tensor>(x: T, k: number, axis: number): { values: T; indices: T } {
  const order = [...x.shape.keys()].filter((one) => one !== axis).concat(axis)
  const back = order.map((_, index) => order.indexOf(index))
  const isLast = axis === x.rank - 1
  const last: tf.Tensor = isLast ? x : tf.transpose(x, order)
  const numbers = withoutGradient(() => tf.cast(tf.topk(last, k).indices, 'float32'))
  const largest = takenAlongLast(last, tf.cast(numbers, 'int32'))
  const result = (one: tf.Tensor) => (isLast ? one : tf.transpose(one, back)) as T
  return { values: result(largest), indices: result(numbers) }
}

/** Gathers values at per-row indices along the last axis. */
function takenAlongLast(x: tf.Tensor, index: tf.Tensor): tf.Tensor {
  const length = x.shape[x.rank - 1] as number
  const taken = index.shape[index.rank - 1] as number
  const rows = x.size / length
  const starts = tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(length, 'int32'))
  const places = tf.reshape(tf.add(tf.reshape(index, [rows, taken]), tf.expandDims(starts, 1)), [-1])
  return tf.customGrad((value: unknown, save: unknown) => {
    ;(save as tf.GradSaveFunc)([places])
    return {
      value: tf.reshape(tf.gather(tf.reshape(value as tf.Tensor, [-1]), places), index.shape),
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) =>
        tf.reshape(tf.unsortedSegmentSum(tf.reshape(gradient, [-1]), saved[0] as tf.Tensor1D, rows * length), x.shape),
    }
  })(x)
}
