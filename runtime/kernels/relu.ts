import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

/** max(x, 0). */
export function relu<T extends Tensor>(x: T): T {
  return tf.relu(x)
}

/** min(max(x, 0), 6). */
export function relu6<T extends Tensor>(x: T): T {
  return tf.relu6(x)
}
