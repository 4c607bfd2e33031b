import * as tf from '@tensorflow/tfjs-core'
import { applyInPlace, type Change } from './variables.js'

/** What moves one weight; what an optimiser remembers of it is used up. */
interface Step {
  readonly weight: tf.Variable
  readonly gradient: tf.Tensor
  readonly rate: number
}

export interface MomentumStep extends Step {
  readonly velocity: tf.Variable
  /** Not 0. */
  readonly momentum: number
  /** Weight decay. */
  readonly decay: number
}

/**
 * velocity = momentum * velocity + gradient + decay * weight; weight = weight - rate * velocity. (Sutskever et al. 2013, as
 * torch.optim.SGD has it.)
 *
 * @returns the new velocity, in the old one's place
 */
export function momentumStep({ weight, velocity, gradient, rate, momentum, decay }: MomentumStep): tf.Variable[] {
  // Multiplied by the momentum in the step, it is decay times the weight.
  const decayed: Change = {
    kernel: 'ResourceApplyGradientDescent',
    flags: ['use_locking'],
    inputs: (_, ofVelocity) => [ofVelocity, tf.scalar(-decay / momentum), weight],
  }
  const step: Change = {
    kernel: 'ResourceApplyMomentum',
    flags: ['use_locking', 'use_nesterov'],
    inputs: (...variables) => [...variables, tf.scalar(rate), gradient, tf.scalar(momentum)],
  }
  return applyInPlace({ weight, slots: [velocity] }, decay === 0 ? [step] : [decayed, step])
}

export interface AdamStep extends Step {
  readonly mean: tf.Variable
  readonly square: tf.Variable
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  /** Counts from 1. */
  readonly step: number
}

/**
 * mean = beta1 * mean + (1 - beta1) * gradient; square = beta2 * square + (1 - beta2) * gradient^2;
 * weight = weight - rate * (mean / (1 - beta1^step)) / (sqrt(square / (1 - beta2^step)) + eps). (Kingma and Ba 2015, algorithm 1.)
 *
 * @returns the new mean and square, in the old ones' places
 */
export function adamStep({ weight, mean, square, gradient, step, ...given }: AdamStep): tf.Variable[] {
  // The kernel takes 1 - beta of single precision's beta, so the corrections do, too.
  const [beta1, beta2] = [Math.fround(given.beta1), Math.fround(given.beta2)]
  const root = Math.sqrt(1 - beta2 ** step)
  // The kernel has eps beside the uncorrected root (the end of the paper's section 2): one and the same where eps is scaled with it.
  // The powers of the betas, with which it would correct the rate, are given as 0, as that is done here in double precision.
  const [rate, eps] = [(given.rate * root) / (1 - beta1 ** step), given.eps * root]
  const scalars = [0, 0, rate, beta1, beta2, eps].map((value) => tf.scalar(value))
  const moved: Change = {
    kernel: 'ResourceApplyAdam',
    flags: ['use_locking', 'use_nesterov'],
    inputs: (...variables) => [...variables, ...scalars, gradient],
  }
  return applyInPlace({ weight, slots: [mean, square] }, [moved])
}
