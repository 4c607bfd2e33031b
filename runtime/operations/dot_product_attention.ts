import * as tf from '@tensorflow/tfjs-core'
import { nativeAttention } from '../kernels/native/attention.js'
import { hasCustomOps } from '../kernels/native/execute.js'
import { matmul } from './matmul.js'

export interface AttentionOptions {
  readonly heads?: number
  /** 1 / sqrt(features of a head) by default. */
  readonly scale?: number
}

/**
 * softmax(scale q k^T + bias) v in each head (Vaswani et al. 2017, equation 1). q: [..., queries, features], k: [..., keys, features],
 * v: [..., keys, values]; the bias broadcasts to [..., heads, queries, keys]. Returns [..., queries, values].
 */
export function dotProductAttention<T extends tf.Tensor>(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  { heads = 1, scale }: AttentionOptions = {},
  bias?: tf.Tensor,
): T {
  const factor = scale ?? 1 / Math.sqrt((q.shape.at(-1) as number) / heads)
  if (hasCustomOps()) return nativeAttention({ q, k, v, bias: bias ?? tf.zeros([0]) }, { heads, scale: factor }) as T
  const [queries, keys, values] = [splitHeads(q, heads), splitHeads(k, heads), splitHeads(v, heads)]
  const products: tf.Tensor = tf.mul(matmul(queries, keys, { transposeB: true }), factor)
  const weights = tf.softmax(bias ? tf.add(products, bias) : products)
  return joinHeads<T>(matmul(weights, values))
}

/** [..., tokens, features] to [..., heads, tokens, features of a head] */
function splitHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const features = x.shape.at(-1) as number
  return exchanged(tf.reshape(x, [...x.shape.slice(0, -1), heads, features / heads]))
}

function joinHeads<T extends tf.Tensor>(x: tf.Tensor): T {
  const divided = exchanged(x)
  const [heads, features] = divided.shape.slice(-2) as [number, number]
  const result: tf.Tensor = tf.reshape(divided, [...divided.shape.slice(0, -2), heads * features])
  return result as T
}

/** Exchanges the axes of tokens and heads. */
function exchanged(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis)
  return tf.transpose(x, [...axes.slice(0, -3), x.rank - 2, x.rank - 3, x.rank - 1])
}
