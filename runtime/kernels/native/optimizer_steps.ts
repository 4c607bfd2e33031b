import * as tf from '@tensorflow/tfjs-core'
import { donating, native, ownTheirValues } from './execute.js'

/** The arguments of one update, which changes the weight and its optimizer state in place. */
interface Step {
  readonly weight: tf.Variable
  readonly gradient: tf.Tensor
  readonly learningRate: number
  /** L2 regularisation: this factor times the weight is added to the gradient. */
  readonly weightDecay: number
}

export interface MomentumStep extends Step {
  readonly velocity: tf.Variable
  readonly momentum: number
}

/**
 * One step of SGD with momentum (Sutskever et al. 2013, in the form of torch.optim.SGD):
 * velocity = momentum * velocity + gradient + weightDecay * weight; weight = weight - learningRate * velocity.
 */
export function momentumStep({ weight, velocity, gradient, learningRate, momentum, weightDecay }: MomentumStep): void {
  update('WsbanMomentumStep', [weight, velocity], gradient, [learningRate, momentum, weightDecay])
}

export interface AdamStep extends Step {
  readonly mean: tf.Variable
  readonly square: tf.Variable
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  /** Counts from 1. */
  readonly step: number
  /** Decoupled weight decay: the weight is multiplied by this factor first. */
  readonly decayFactor: number
}

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1) or AdamW (Loshchilov and Hutter 2019). With g = gradient + weightDecay * weight:
 * mean = beta1 * mean + (1 - beta1) * g; square = beta2 * square + (1 - beta2) * g^2;
 * weight = decayFactor * weight - learningRate * (mean / (1 - beta1^step)) / (sqrt(square / (1 - beta2^step)) + eps).
 */
export function adamStep({
  weight,
  mean,
  square,
  gradient,
  step,
  weightDecay,
  decayFactor,
  ...options
}: AdamStep): void {
  const { beta1, beta2 } = options
  const correction = Math.sqrt(1 - beta2 ** step)
  // The kernel adds eps to the uncorrected root (the end of the paper's section 2). With eps scaled as well, the result is the same.
  const [learningRate, eps] = [(options.learningRate * correction) / (1 - beta1 ** step), options.eps * correction]
  const hyperparameters = [learningRate, 1 - beta1, 1 - beta2, eps, weightDecay, decayFactor]
  update('WsbanAdamStep', [weight, mean, square], gradient, hyperparameters)
}

/** Runs a fused kernel, which passes over memory once and updates in place. Tensor arithmetic would allocate a tensor for each operation. */
function update(
  kernel: string,
  updated: readonly tf.Variable[],
  gradient: tf.Tensor,
  hyperparameters: readonly number[],
): void {
  const inputs = [...updated, gradient, tf.tensor1d([...hyperparameters])]
  const outputs = donating(ownTheirValues(updated) ? updated.length : 0, () =>
    native().executeMultipleOutputs(kernel, [], inputs, updated.length),
  )
  for (const [index, variable] of updated.entries()) variable.assign(outputs[index] as tf.Tensor)
}
