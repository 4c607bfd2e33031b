import * as tf from '@tensorflow/tfjs-core'

/** Products of the matrices in the last two axes; the axes before are the same in both. */
export function matmul<T extends tf.Tensor>(
  a: tf.Tensor,
  b: tf.Tensor,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): T {
  const product = tf.matMul<tf.Tensor3D>(matrices(a), matrices(b), transposeA, transposeB)
  const result: tf.Tensor = tf.reshape(product, [...a.shape.slice(0, -2), ...product.shape.slice(1)])
  return result as T
}

/** [count, rows, columns] */
function matrices(x: tf.Tensor): tf.Tensor3D {
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  return x.rank === 3 ? (x as tf.Tensor3D) : tf.reshape<tf.Rank.R3>(x, [-1, rows, columns])
}
