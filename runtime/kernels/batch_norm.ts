import type { Rank, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { nativeBatchNorm } from './native/batch_norm.js'
import { isNative } from './native/execute.js'

export interface BatchNormParameters {
  readonly scale: Tensor1D
  readonly offset: Tensor1D
  /** Running averages; in training they are updated. */
  readonly mean: Variable<Rank.R1>
  readonly variance: Variable<Rank.R1>
}

export interface BatchNormOptions {
  readonly eps: number
  /** Share of the batch in the running averages. */
  readonly momentum: number
  readonly training: boolean
}

/**
 * Normalises each channel of NHWC maps (Ioffe and Szegedy 2015): in training by the batch's own mean and variance, with the gradient
 * through them, and the running averages move; afterwards by the running averages. The running variance is the unbiased one, as in PyTorch.
 */
export function batchNorm(x: Tensor4D, p: BatchNormParameters, options: BatchNormOptions): Tensor4D {
  return tf.tidy(() => {
    if (isNative()) {
      const { y, mean, variance } = nativeBatchNorm({ ...p, x }, options)
      if (options.training) {
        p.mean.assign(mean)
        p.variance.assign(variance)
      }
      return y
    }
    if (!options.training) return normalise(x, p, p.mean, p.variance, options.eps)
    const { mean, variance } = tf.moments(x, [0, 1, 2])
    const count = x.size / x.shape[3]
    moveAverages(p, mean, tf.mul(variance, count / Math.max(1, count - 1)), options.momentum)
    return normalise(x, p, mean, variance, options.eps)
  })
}

function normalise(x: Tensor4D, p: BatchNormParameters, mean: tf.Tensor, variance: tf.Tensor, eps: number): Tensor4D {
  const factor = tf.mul(p.scale, tf.rsqrt(tf.add(variance, eps)))
  return tf.add(tf.mul(x, factor), tf.sub(p.offset, tf.mul(mean, factor)))
}

/** running = (1 - momentum) running + momentum batch. What it computes is gone when it returns, save the new averages. */
export function moveAverages(p: BatchNormParameters, mean: tf.Tensor, variance: tf.Tensor, momentum: number): void {
  tf.tidy(() => {
    p.mean.assign(tf.add(tf.mul(p.mean, 1 - momentum), tf.mul(mean, momentum)))
    p.variance.assign(tf.add(tf.mul(p.variance, 1 - momentum), tf.mul(variance, momentum)))
  })
}
