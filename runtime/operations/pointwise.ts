import * as tf from '@tensorflow/tfjs-core'
import { hasCustomOps } from '../kernels/native/execute.js'
import { nativeGelu } from '../kernels/native/gelu.js'
import { nativeSilu } from '../kernels/native/silu.js'
import { detach } from './attention.js'
import { compare, where } from './comparison.js'

/** |x|, with a gradient of 0 at 0: TensorFlow.js gives -1 there. */
export function abs<T extends tf.Tensor>(x: T): T {
  return tf.mul(x, sign(x))
}

/** -1, 0 or 1. It has no gradient. WebAssembly's kernel gives 0 below 1e-6. */
export function sign<T extends tf.Tensor>(x: T): T {
  return tf.sign(detach(x))
}

/** x^exponent. The gradient of x^0 is 0 everywhere, where TensorFlow.js gives NaN at x = 0. */
export function pow<T extends tf.Tensor>(x: T, exponent: number): T {
  return exponent === 0 ? tf.pow(detach(x), 0) : tf.pow(x, exponent)
}

/** min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, section 5.2). */
export function hardSigmoid<T extends tf.Tensor>(x: T): T {
  return tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)
}

/** x hardSigmoid(x) (Howard et al. 2019, section 5.2). */
export function hardSwish<T extends tf.Tensor>(x: T): T {
  return tf.mul(x, hardSigmoid(x))
}

/** x above 0, and alpha (e^x - 1) elsewhere. */
export function elu<T extends tf.Tensor>(x: T, { alpha = 1 }: { alpha?: number } = {}): T {
  // No exponential of a large number: its gradient would be infinite times 0.
  const below = tf.mul(tf.expm1(tf.minimum(x, 0)), alpha)
  return where(compare('greater', x, 0), x, below) as T
}

/** x (1 + erf(x / sqrt(2))) / 2, or its approximation by tanh (Hendrycks and Gimpel 2016, section 2). */
export function gelu<T extends tf.Tensor>(x: T, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): T {
  if (hasCustomOps()) return nativeGelu(x, { tanh: approximate === 'tanh' }) as T
  const inner =
    approximate === 'tanh'
      ? tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)))
      : tf.erf(tf.mul(x, Math.SQRT1_2))
  return tf.mul(tf.mul(x, 0.5), tf.add(inner, 1))
}

/** x / (1 + e^-x) (Ramachandran et al. 2017). */
export function silu<T extends tf.Tensor>(x: T): T {
  return hasCustomOps() ? (nativeSilu(x) as T) : tf.mul(x, tf.sigmoid(x))
}

/** min(max(x, min), max) */
export function clamp<T extends tf.Tensor>(
  x: T,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number } = {},
): T {
  return tf.clipByValue(x, min, max)
}
