import * as tf from '@tensorflow/tfjs-core'
import type { Scope } from '../scope.js'

/** x: [batch, features], or part features [batch, maps, features] read as one row. Gives [batch, units]. */
export function linear(x: tf.Tensor2D | tf.Tensor3D, at: Scope): tf.Tensor2D {
  const rows = x.rank === 2 ? (x as tf.Tensor2D) : tf.reshape(x, [x.shape[0], -1] as [number, number])
  const product = tf.matMul<tf.Tensor2D>(rows, at.get<tf.Tensor2D>('weight'))
  const bias = at.find<tf.Tensor1D>('bias')
  return bias ? tf.add(product, bias) : product
}
