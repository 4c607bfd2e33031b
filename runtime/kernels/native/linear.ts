import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { attribute, donating, native, onSideStream, register } from './execute.js'

type Inputs = { readonly x: Tensor2D; readonly weight: Tensor2D; readonly bias: Tensor1D }
type NoAttributes = Record<string, never>

const run = register<Inputs, NoAttributes>({
  name: 'Linear',
  savedInputs: ['x', 'weight'],
  forward: ({ x, weight, bias }) => addBias(product(x, weight), bias),
  gradient([dy], [x, weight]) {
    const [gradient, rows, matrix] = [dy as Tensor2D, x as Tensor2D, weight as Tensor2D]
    return {
      x: () => tf.matMul(gradient, matrix, false, true),
      weight: () => onSideStream(() => tf.matMul(rows, gradient, true, false)),
      bias: () => onSideStream(() => tf.sum(gradient, 0)),
    }
  },
})

/** x weight + bias, for x [rows, features], weight [features, units] and bias [units]. */
export function nativeLinear(inputs: Inputs): Tensor2D {
  return run(inputs, {})[0] as Tensor2D
}

function product(x: TensorInfo, weight: TensorInfo): Tensor {
  const attributes = [
    attribute.type('T', 'float32'),
    attribute.flag('transpose_a', false),
    attribute.flag('transpose_b', false),
  ]
  return native().executeSingleOutput('MatMul', attributes, [x, weight])
}

/** Adds the bias in the buffer of the product, which is disposed of. */
function addBias(product: Tensor, bias: TensorInfo): Tensor {
  const attributes = [attribute.type('T', 'float32'), attribute.text('data_format', 'NHWC')]
  try {
    return donating(1, () => native().executeSingleOutput('BiasAdd', attributes, [product, bias]))
  } finally {
    product.dispose()
  }
}
