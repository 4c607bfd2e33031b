import * as tf from '@tensorflow/tfjs-core'
import { gather } from './shapes.js'
import { withoutGradient } from './without_gradient.js'

/** The products of the rows of a with those of b, [batch, batch] from [batch, n] of both. */
export function pairwiseProducts(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(a, b, false, true)
}

/** The squared Euclidean distances between them, likewise; from their differences, so that they are exactly 0 for equal rows. */
export function squaredDistances(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.sum(tf.square(tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))), 2)
}

/** [batch, batch]: 1 where the labels of both images are equal. */
export function sameLabel(label: tf.Tensor1D): tf.Tensor2D {
  return tf.cast(tf.equal(tf.expandDims(label, 1), tf.expandDims(label, 0)), 'float32') as tf.Tensor2D
}

/** [batch, batch]: 1 for each image with itself. */
export function sameImage(like: tf.Tensor): tf.Tensor2D {
  return tf.eye(like.shape[0] as number)
}

/** The images at the indices, [batch], which are limited to the batch and rounded down. The gradient flows to the selected ones. */
export function selectImages<T extends tf.Tensor>(x: tf.Tensor, index: tf.Tensor): T {
  const shared = withoutGradient(() => tf.expandDims(index, 0))
  return gather<T>(x, shared, 0)
}
