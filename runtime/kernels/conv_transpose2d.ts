import type { Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { type ConvolutionOptions, conv2d } from './conv2d.js'
import { pad } from './pad.js'
import { expandPair, type Pair } from './pair.js'

export interface TransposedOptions extends ConvolutionOptions {
  /** Additional rows and columns of the result. */
  readonly outputPadding?: Pair
}

/**
 * Convolves NHWC maps with the transpose of a filter [height, width, inputs, outputs]: a plain convolution of the zero-dilated maps with the rotated
 * filter. TensorFlow.js's kernel has no dilation and only two padding modes.
 */
export function convTranspose2d(x: Tensor4D, weight: Tensor4D, options: TransposedOptions = {}): Tensor4D {
  const { stride = 1, padding = 0, dilation = 1, outputPadding = 0, bias } = options
  const [strides, sides] = [expandPair(stride), expandPair(padding)]
  const [steps, added] = [expandPair(dilation), expandPair(outputPadding)]
  return tf.tidy(() => {
    const before = ([0, 1] as const).map((side) => steps[side] * (weight.shape[side] - 1) - sides[side])
    const [top = 0, left = 0] = before
    // Zeros follow the last cell as well.
    const bottom = top + added[0] - (strides[0] - 1)
    const right = left + added[1] - (strides[1] - 1)
    const spread = pad(spreadOut(x, strides), { top, bottom, left, right })
    return conv2d(spread, tf.reverse(weight, [0, 1]), { dilation, ...(bias && { bias }) })
  })
}

/** Appends zeros to every cell, so that the next one is a stride away. */
function spreadOut(x: Tensor4D, [down, right]: readonly [number, number]): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const tall = appended(x, [batch * height, width * channels], down)
  const wide = appended(tall, [batch * height * down * width, channels], right)
  return tf.reshape(wide, [batch, height * down, width * right, channels])
}

/** Appends step - 1 rows of zeros to every row. */
function appended(x: tf.Tensor, [rows, length]: readonly [number, number], step: number): tf.Tensor {
  if (step === 1) return x
  return tf.pad3d(tf.reshape<tf.Rank.R3>(x, [rows, 1, length]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ])
}
