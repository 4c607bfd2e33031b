import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { need, replaceKernel } from './replace.js'

/** The shape of each right operand at its first use. */
const shapes = new WeakMap<object, string>()

/**
 * A product with a transposed argument is fifty times slower than transposing it first. Moreover, the backend caches a prepared right operand by its
 * data only (tfjs-backend-wasm 4.22): the same data in another shape would be read as if it had the first one, outside of its memory.
 */
export function replaceMatMul(): void {
  replaceKernel('BatchMatMul', (inputs, attributes, original) => {
    const a = need(inputs, 'a')
    const b = need(inputs, 'b')
    return original(
      {
        a: attributes.transposeA === true ? transposed(a) : a,
        b: attributes.transposeB === true ? transposed(b) : withFirstShape(b),
      },
      { transposeA: false, transposeB: false },
    )
  })
}

/** Returns the operand, or a copy if its data was used in another shape. */
function withFirstShape(b: Tensor): Tensor {
  const shape = b.shape.join()
  const known = shapes.get(b.dataId)
  if (known === undefined) shapes.set(b.dataId, shape)
  return known === undefined || known === shape ? b : tf.add(b, 0)
}

function transposed(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis)
  const last = axes.length - 1
  return tf.transpose(x, [...axes.slice(0, -2), last, last - 1])
}
