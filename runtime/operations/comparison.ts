import * as tf from '@tensorflow/tfjs-core'
import { withoutGradient } from './without_gradient.js'

const comparisons = {
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  equal: tf.equal,
  notEqual: tf.notEqual,
}

type Comparison = keyof typeof comparisons
type Operand = tf.Tensor | number

/** 1 where the comparison holds, and 0 elsewhere. It has no gradient. */
export function compare<T extends tf.Tensor>(comparison: Comparison, left: Operand, right: Operand): T {
  return withoutGradient<T>(() => tf.cast(comparisons[comparison](left, right), 'float32'))
}

/** `x` where the condition is not 0, and `other` elsewhere. The gradient flows to the selected values. */
export function where<T extends tf.Tensor>(condition: tf.Tensor, x: Operand, other: Operand): T {
  const holds = withoutGradient(() => tf.notEqual(condition, 0))
  const [a, b] = [asTensor(x), asTensor(other)]
  const shape = [a, b].reduce((one, { shape }) => tf.broadcast_util.assertAndGetBroadcastShape(one, shape), holds.shape)
  // tf.where broadcasts operands, but has no gradient for that at rank 5.
  return tf.where(holds, repeated(a, shape), repeated(b, shape)) as T
}

function repeated(operand: tf.Tensor, shape: number[]): tf.Tensor {
  return tf.util.arraysEqual(operand.shape, shape) ? operand : tf.mul(operand, tf.ones(shape))
}

/** The smaller one. Where two tensors are equal each gets half of the gradient; beside a number the tensor gets all of it. */
export function minimum<T extends tf.Tensor>(left: Operand, right: Operand): T {
  // TensorFlow.js gives the gradient of equal values to its first operand.
  if (typeof left === 'number') return tf.minimum(right, left)
  if (typeof right === 'number') return tf.minimum(left, right)
  return where(compare('less', left, right), left, where(compare('greater', left, right), right, between(left, right)))
}

/** The larger one, likewise. */
export function maximum<T extends tf.Tensor>(left: Operand, right: Operand): T {
  if (typeof left === 'number') return tf.maximum(right, left)
  if (typeof right === 'number') return tf.maximum(left, right)
  return where(compare('greater', left, right), left, where(compare('less', left, right), right, between(left, right)))
}

/** The mean, which is the value where both are equal; NaN where one is. Halved first, since the sum may overflow. */
function between(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(left, 0.5), tf.mul(right, 0.5))
}

function asTensor(operand: Operand): tf.Tensor {
  return typeof operand === 'number' ? tf.scalar(operand) : operand
}
