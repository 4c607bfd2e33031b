import * as tf from '@tensorflow/tfjs-core'
import { need, replaceKernel } from './replace.js'

/**
 * Replaces elementwise kernels that differ from TensorFlow's: the backend's sign is 0 below 1e-6, and its clipping converts NaN to a number,
 * and its sine and cosine reduce angles in single precision, by which sin(-1e-8) is 1.7e-7 (tfjs-backend-wasm 4.22).
 */
export function replaceElementwise(): void {
  replaceKernel('Sign', (inputs) => {
    const x = need(inputs, 'x')
    const zero = tf.scalar(0)
    const signs = tf.sub(tf.cast(tf.greater(x, zero), 'float32'), tf.cast(tf.less(x, zero), 'float32'))
    return tf.where(tf.isNaN(x), x, signs)
  })
  replaceKernel('Relu6', (inputs, attributes, original) => keepNaN(need(inputs, 'x'), original(inputs, attributes)))
  replaceKernel('ClipByValue', (inputs, attributes, original) =>
    keepNaN(need(inputs, 'x'), original(inputs, attributes)),
  )
  replaceKernel('Sin', (inputs) => eachBy(Math.sin, need(inputs, 'x')))
  replaceKernel('Cos', (inputs) => eachBy(Math.cos, need(inputs, 'x')))
}

function keepNaN(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.where(tf.isNaN(x), x, y)
}

function eachBy(compute: (value: number) => number, x: tf.Tensor): tf.Tensor {
  return tf.tensor(Float32Array.from(x.dataSync(), compute), x.shape, 'float32')
}
