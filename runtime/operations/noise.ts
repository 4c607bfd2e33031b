import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../compiler/random.js'
import type { Scope } from '../scope.js'

/** Uniform numbers in training, in the shape of a tensor; otherwise their mean. */
export function randomUniform<T extends tf.Tensor>(like: tf.Tensor, at: Scope, low: number, high: number): T {
  return drawn(like, at, (low + high) / 2, (random) => random.uniform(low, high))
}

/** Normal numbers, likewise. */
export function randomNormal<T extends tf.Tensor>(like: tf.Tensor, at: Scope, mean: number, deviation: number): T {
  return drawn(like, at, mean, (random) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * random.uniform())
  })
}

/** Ones with a probability and zeros otherwise, likewise. */
export function bernoulli<T extends tf.Tensor>(like: tf.Tensor, at: Scope, probability: number): T {
  return drawn(like, at, probability, (random) => (random.uniform() < probability ? 1 : 0))
}

function drawn<T extends tf.Tensor>(
  { shape }: tf.Tensor,
  at: Scope,
  mean: number,
  draw: (random: Random) => number,
): T {
  if (!at.training) return tf.fill(shape, mean) as T
  const random = at.random()
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
  for (let index = 0; index < values.length; index++) values[index] = draw(random)
  return tf.tensor(values, shape) as T
}
