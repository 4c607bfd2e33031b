import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { isNative } from './native/execute.js'
import { nativeRelu, nativeRelu6 } from './native/relu.js'

/** max(x, 0). */
export function relu<T extends Tensor>(x: T): T {
  return isNative() ? (nativeRelu(x) as T) : tf.relu(x)
}

/** min(max(x, 0), 6). */
export function relu6<T extends Tensor>(x: T): T {
  return isNative() ? (nativeRelu6(x) as T) : tf.relu6(x)
}
