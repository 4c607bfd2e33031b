import * as tf from '@tensorflow/tfjs-core'
import { hasCustomOps } from '../kernels/native/execute.js'
import { nativeLayerNorm } from '../kernels/native/layer_norm.js'
import type { Scope } from '../scope.js'
import { standardise } from './standardise.js'

/**
 * Normalises the values along an axis, by default the last one, and scales and shifts them (Ba et al. 2016, equation 4). The scope holds the weight
 * and, optionally, the bias.
 */
export function layerNorm<T extends tf.Tensor>(
  x: tf.Tensor,
  at: Scope,
  { eps = 1e-5 }: { eps?: number } = {},
  axis: number = x.rank - 1,
): T {
  const scale = at.get<tf.Tensor1D>('weight')
  const bias = at.find<tf.Tensor1D>('bias')
  if (axis === x.rank - 1 && hasCustomOps())
    return nativeLayerNorm({ x, scale, offset: bias ?? tf.zerosLike(scale) }, { eps }) as T
  const along = x.shape.map((_, index) => (index === axis ? -1 : 1))
  const scaled: tf.Tensor = tf.mul(standardise(x, axis, eps), tf.reshape(scale, along))
  const result: tf.Tensor = bias ? tf.add(scaled, tf.reshape(bias, along)) : scaled
  return result as T
}
