import * as tf from '@tensorflow/tfjs-core'
import { compare, where } from './comparison.js'
import { withoutGradient } from './without_gradient.js'

/** The selected probabilities [batch, classes], and 1 for each image that kept the first ones. */
export interface Cascade {
  probabilities: tf.Tensor2D
  early: tf.Tensor1D
}

/** The first prediction where its largest probability is at least `sure`, and the second elsewhere. The gradient flows to the selected values. */
export function cascade(first: tf.Tensor2D, second: tf.Tensor2D, sure: number): Cascade {
  const early = earlyOf(first, sure)
  return { probabilities: where(tf.mul(tf.expandDims(early, 1), tf.onesLike(first)), first, second), early }
}

/**
 * The same, with `second` computed for the other images only, from their rows of each input. The first axis of an input is that of the images, or of
 * size 1 if all images share it.
 */
export function cascadeSkipping<Inputs extends tf.Tensor[]>(
  first: tf.Tensor2D,
  sure: number,
  inputs: readonly [...Inputs],
  second: (...inputs: Inputs) => tf.Tensor2D,
): Cascade {
  const early = earlyOf(first, sure)
  const isEarly = early.dataSync()
  const unsure = [...isEarly.keys()].filter((image) => isEarly[image] === 0)
  if (unsure.length === 0) return { probabilities: first, early }
  if (unsure.length === isEarly.length) return { probabilities: second(...(inputs as [...Inputs])), early }
  const probabilities = tf.tidy(() => {
    const places = tf.tensor1d(unsure, 'int32')
    const parts = inputs.map((input) => (input.shape[0] === 1 ? input : tf.gather(input, places)))
    // The rows of the second prediction follow those of the first one.
    const rows = Array.from(isEarly, (_, image) => image)
    for (const [position, image] of unsure.entries()) rows[image] = isEarly.length + position
    const all = tf.concat([first, second(...(parts as unknown as Inputs))])
    return tf.gather(all, tf.tensor1d(rows, 'int32'))
  })
  return { probabilities, early }
}

function earlyOf(first: tf.Tensor2D, sure: number): tf.Tensor1D {
  return withoutGradient(() => compare('greaterEqual', tf.max(first, 1), sure))
}
