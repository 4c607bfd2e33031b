import * as tf from '@tensorflow/tfjs-core'
import { fillNormal, fillUniform } from '../../compiler/random.js'

/** Random numbers that depend only on the key of their stream: uniform in [0, 1), -1 or 1, or normal. */
export function fixedRandom<T extends tf.Tensor>(
  shape: number[],
  distribution: 'uniform' | 'signs' | 'normal',
  key: number,
): T {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
  if (distribution === 'normal') fillNormal(values, key, 0, 1)
  else fillUniform(values, key, 0, 1)
  const numbers: tf.Tensor = tf.tensor(distribution === 'signs' ? values.map(signOf) : values, shape, 'float32')
  return numbers as T
}

function signOf(value: number): number {
  return value < 0.5 ? -1 : 1
}
