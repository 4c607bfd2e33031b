import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { need, replaceKernel } from './replace.js'

/** The shape in which the backend has first seen the data of a right operand. */
const shapes = new WeakMap<object, string>()

/**
 * A product with a transposed argument is fifty times slower than transposing it first. And the backend keeps what it prepared for a right operand
 * by its data alone (tfjs-backend-wasm 4.22): the same data in another shape would be multiplied as if it had the first one, outside its memory.
 */
export function replaceMatMul(): void {
  replaceKernel('BatchMatMul', (inputs, attributes, own) => {
    const a = need(inputs, 'a')
    const b = need(inputs, 'b')
    return own(
      {
        a: attributes.transposeA === true ? turned(a) : a,
        b: attributes.transposeB === true ? turned(b) : inOneShape(b),
      },
      { transposeA: false, transposeB: false },
    )
  })
}

/** The operand, or a copy of it where its data has been multiplied in another shape. */
function inOneShape(b: Tensor): Tensor {
  const shape = b.shape.join()
  const known = shapes.get(b.dataId)
  if (known === undefined) shapes.set(b.dataId, shape)
  return known === undefined || known === shape ? b : tf.add(b, 0)
}

function turned(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis)
  const last = axes.length - 1
  return tf.transpose(x, [...axes.slice(0, -2), last, last - 1])
}
