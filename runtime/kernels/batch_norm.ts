import type { GradSaveFunc, Rank, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type FusedActivation, fusedBatchNorm, nativeBatchNorm } from './native/batch_norm.js'
import { hasCustomOps, isNative } from './native/execute.js'

export type { FusedActivation }

export interface BatchNormParameters {
  readonly scale: Tensor1D
  readonly offset: Tensor1D
  /** Running statistics, which training updates. */
  readonly mean: Variable<Rank.R1>
  readonly variance: Variable<Rank.R1>
}

export interface BatchNormOptions {
  readonly eps: number
  /** The weight of the batch statistics in the running statistics, as in PyTorch. */
  readonly momentum: number
  readonly training: boolean
  /** Applied to the result; not `none` only where `fusesActivation`. */
  readonly activation?: FusedActivation
}

/** Whether batch norm can apply an activation itself: in training, with wsban's custom ops. */
export function fusesActivation(training: boolean): boolean {
  return training && hasCustomOps()
}

/**
 * Normalises each channel of NHWC maps (Ioffe and Szegedy 2015). In training, by the mean and variance of the batch, through which the gradient
 * flows, and updates the running statistics; in inference, by the running statistics. The running variance is unbiased, as in PyTorch.
 */
export function batchNorm(x: Tensor4D, p: BatchNormParameters, options: BatchNormOptions): Tensor4D {
  return tf.tidy(() => {
    if (isNative()) {
      const { activation = 'none', training, ...numbers } = options
      const { y, mean, variance } = fusesActivation(training)
        ? fusedBatchNorm({ ...p, x }, { ...numbers, activation })
        : nativeBatchNorm({ ...p, x }, options)
      if (options.training) {
        p.mean.assign(mean)
        p.variance.assign(variance)
      }
      return y
    }
    if (!options.training) return normalise(x, p, p.mean, p.variance, options.eps)
    const { y, mean, variance } = normaliseByBatch(x, p.scale, p.offset, options.eps)
    const count = x.size / x.shape[3]
    updateRunningStatistics(p, mean, tf.mul(variance, count / Math.max(1, count - 1)), options.momentum)
    return y
  })
}

function normalise(x: Tensor4D, p: BatchNormParameters, mean: Tensor1D, variance: Tensor1D, eps: number): Tensor4D {
  const factor = tf.mul(p.scale, tf.rsqrt(tf.add(variance, eps)))
  return tf.add(tf.mul(x, factor), tf.sub(p.offset, tf.mul(mean, factor)))
}

/**
 * Training mode, with an explicit gradient (Ioffe and Szegedy 2015, section 3). TensorFlow.js's automatic gradient would keep every
 * intermediate map, and WebAssembly's memory is small.
 */
function normaliseByBatch(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  eps: number,
): { y: Tensor4D; mean: Tensor1D; variance: Tensor1D } {
  let statistics: { mean: Tensor1D; variance: Tensor1D } | undefined
  const compute = tf.customGrad((...inputs: (Tensor | GradSaveFunc)[]) => {
    const [x, scale, offset, save] = inputs as [Tensor4D, Tensor1D, Tensor1D, GradSaveFunc]
    const mean: Tensor1D = tf.mean(x, [0, 1, 2])
    const centred = tf.sub(x, mean)
    const variance: Tensor1D = tf.mean(tf.square(centred), [0, 1, 2])
    const inverseStd = tf.rsqrt(tf.add<Tensor1D>(variance, eps))
    // Kept with tf.keep, as they leave this function other than by its return value.
    statistics = { mean: tf.keep(mean), variance: tf.keep(variance) }
    save([x, scale, mean, inverseStd])
    const value = tf.add(tf.mul(centred, tf.mul(inverseStd, scale)), offset)
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        gradients(dy as Tensor4D, saved as [Tensor4D, Tensor1D, Tensor1D, Tensor1D]),
    }
  })
  const y = compute(x, scale, offset) as Tensor4D
  if (statistics === undefined) throw new Error('tf.customGrad did not call its function')
  // Clones belong to the caller's tidy scope, which disposes of them.
  const mean: Tensor1D = tf.clone(statistics.mean)
  const variance: Tensor1D = tf.clone(statistics.variance)
  tf.dispose([statistics.mean, statistics.variance])
  return { y, mean, variance }
}

function gradients(dy: Tensor4D, [x, scale, mean, inverseStd]: [Tensor4D, Tensor1D, Tensor1D, Tensor1D]): Tensor[] {
  const doffset: Tensor1D = tf.sum(dy, [0, 1, 2])
  const normalised: Tensor4D = tf.mul(tf.sub(x, mean), inverseStd)
  const dscale: Tensor1D = tf.sum(tf.mul(dy, normalised), [0, 1, 2])
  const count = x.size / x.shape[3]
  const dx = tf.tidy(() => {
    const centred = tf.sub(dy, tf.add(tf.div(doffset, count), tf.mul(normalised, tf.div(dscale, count))))
    return tf.mul(centred, tf.mul(scale, inverseStd))
  })
  return [dx, dscale, doffset]
}

/** running = (1 - momentum) * running + momentum * batch. Disposes of all intermediate tensors. */
export function updateRunningStatistics(
  p: BatchNormParameters,
  mean: tf.Tensor,
  variance: tf.Tensor,
  momentum: number,
): void {
  tf.tidy(() => {
    p.mean.assign(tf.add(tf.mul(p.mean, 1 - momentum), tf.mul(mean, momentum)))
    p.variance.assign(tf.add(tf.mul(p.variance, 1 - momentum), tf.mul(variance, momentum)))
  })
}
