import * as tf from '@tensorflow/tfjs-core'
import type { Pair } from '../kernels/index.js'
import * as kernels from '../kernels/index.js'
import type { Scope } from '../scope.js'
import { hardSwish, silu } from './pointwise.js'

export type { Pair }

export interface TransposedOptions extends Omit<ConvolutionOptions, 'groups'> {
  readonly outputPadding?: Pair
}

export interface ConvolutionOptions {
  readonly stride?: Pair
  readonly padding?: Pair
  readonly dilation?: Pair
  readonly groups?: number
}

/** x: [batch, height, width, channels]; the scope holds the weight and, optionally, the bias. */
export function conv2d(x: tf.Tensor4D, at: Scope, options: ConvolutionOptions = {}): tf.Tensor4D {
  const { groups = 1, ...window } = options
  const weight = at.get<tf.Tensor4D>('weight')
  const all = { ...window, ...biasOf(at) }
  return groups === 1 ? kernels.conv2d(x, weight, all) : kernels.groupedConv2d(x, weight, groups, all)
}

/** The transposed convolution, likewise. */
export function convTranspose2d(x: tf.Tensor4D, at: Scope, options: TransposedOptions = {}): tf.Tensor4D {
  return kernels.convTranspose2d(x, at.get<tf.Tensor4D>('weight'), { ...options, ...biasOf(at) })
}

export function depthwiseConv2d(x: tf.Tensor4D, at: Scope, options: ConvolutionOptions = {}): tf.Tensor4D {
  return kernels.depthwiseConv2d(x, at.get<tf.Tensor4D>('weight'), { ...options, ...biasOf(at) })
}

function biasOf(at: Scope): { bias?: tf.Tensor1D } {
  const bias = at.find<tf.Tensor1D>('bias')
  return bias ? { bias } : {}
}

type Activation = Exclude<kernels.FusedActivation, 'none'>

const activations: { readonly [name in Activation]: (x: tf.Tensor4D) => tf.Tensor4D } = {
  relu: kernels.relu,
  relu6: kernels.relu6,
  silu,
  hard_swish: hardSwish,
}

export interface BatchNormOptions {
  readonly eps?: number
  readonly momentum?: number
  /** Applied to the result. */
  readonly activation?: Activation
}

/** Normalises by batch statistics in training, and by running statistics in inference. */
export function batchNorm(
  x: tf.Tensor4D,
  at: Scope,
  { eps = 1e-5, momentum = 0.1, activation }: BatchNormOptions = {},
): tf.Tensor4D {
  const parameters = {
    scale: at.get<tf.Tensor1D>('weight'),
    offset: at.get<tf.Tensor1D>('bias'),
    mean: at.get<tf.Tensor1D>('running_mean'),
    variance: at.get<tf.Tensor1D>('running_var'),
  }
  const options = { eps, momentum, training: at.training }
  if (activation === undefined) return kernels.batchNorm(x, parameters, options)
  return kernels.fusesActivation(at.training)
    ? kernels.batchNorm(x, parameters, { ...options, activation })
    : tf.tidy(() => activations[activation](kernels.batchNorm(x, parameters, options)))
}
