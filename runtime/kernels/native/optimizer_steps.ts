import * as tf from '@tensorflow/tfjs-core'
import { native } from './execute.js'

/** One update of a weight; it changes the weight and its optimizer state in place. */
interface Step {
  readonly weight: tf.Variable
  readonly gradient: tf.Tensor
  readonly rate: number
  /** Weight decay as a part of the gradient. */
  readonly decay: number
}

export interface MomentumStep extends Step {
  readonly velocity: tf.Variable
  readonly momentum: number
}

/**
 * velocity = momentum * velocity + gradient + decay * weight; weight = weight - rate * velocity. (Sutskever et al. 2013, as
 * torch.optim.SGD has it.)
 */
export function momentumStep({ weight, velocity, gradient, rate, momentum, decay }: MomentumStep): void {
  move('WsbanMomentumStep', [weight, velocity], gradient, [rate, momentum, decay])
}

export interface AdamStep extends Step {
  readonly mean: tf.Variable
  readonly square: tf.Variable
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  /** Counts from 1. */
  readonly step: number
  /** The factor applied to the weight first: decoupled weight decay. */
  readonly shrinking: number
}

/**
 * slope = gradient + decay * weight; mean = beta1 * mean + (1 - beta1) * slope; square = beta2 * square + (1 - beta2) * slope^2;
 * weight = shrinking * weight - rate * (mean / (1 - beta1^step)) / (sqrt(square / (1 - beta2^step)) + eps). (Kingma and Ba 2015,
 * algorithm 1; Loshchilov and Hutter 2019 for the shrinking.)
 */
export function adamStep({ weight, mean, square, gradient, step, decay, shrinking, ...given }: AdamStep): void {
  const { beta1, beta2 } = given
  const root = Math.sqrt(1 - beta2 ** step)
  // The kernel has eps beside the uncorrected root (the end of the paper's section 2): one and the same where eps is scaled with it.
  const [rate, eps] = [(given.rate * root) / (1 - beta1 ** step), given.eps * root]
  move('WsbanAdamStep', [weight, mean, square], gradient, [rate, 1 - beta1, 1 - beta2, eps, decay, shrinking])
}

/** One kernel goes over memory once and updates in place; arithmetic on tensors allocates one for each operation. */
function move(kernel: string, changed: readonly tf.Variable[], gradient: tf.Tensor, numbers: readonly number[]): void {
  const backend = native()
  const inputs = [...changed, gradient, tf.tensor1d([...numbers])]
  if (changed.every(({ dataId }) => backend.refCount(dataId) === 1)) backend.binding.giveUpInputs?.(changed.length)
  try {
    const moved = backend.executeMultipleOutputs(kernel, [], inputs, changed.length)
    for (const [index, variable] of changed.entries()) variable.assign(moved[index] as tf.Tensor)
  } finally {
    // Where an input could not even be created, the call was not made, and the next one must keep its inputs.
    backend.binding.giveUpInputs?.(0)
  }
}
