import * as tf from '@tensorflow/tfjs-core'
import { isNative } from '../kernels/native/execute.js'
import { nativeLinear } from '../kernels/native/linear.js'
import type { Scope } from '../scope.js'

/** x: [..., features]. Returns [..., units]. */
export function linear<T extends tf.Tensor>(x: tf.Tensor, at: Scope): T {
  const weight: tf.Tensor2D = at.get<tf.Tensor2D>('weight')
  const [features, units] = weight.shape
  const rows = x.rank === 2 ? (x as tf.Tensor2D) : tf.reshape<tf.Rank.R2>(x, [-1, features])
  const bias = at.find<tf.Tensor1D>('bias')
  const result = bias ? withBias(rows, weight, bias) : tf.matMul<tf.Tensor2D>(rows, weight)
  return (x.rank === 2 ? result : tf.reshape(result, [...x.shape.slice(0, -1), units])) as T
}

function withBias(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return isNative() ? nativeLinear({ x, weight, bias }) : tf.add(tf.matMul<tf.Tensor2D>(x, weight), bias)
}
