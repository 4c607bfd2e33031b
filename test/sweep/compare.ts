import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { Random } from '../../compiler/random.js'
import { avgPool, conv2d, depthwiseConv2d, maxPool } from '../../runtime/kernels/index.js'
import { expectedOf, outputShape, type Sums, type WindowCase } from './reference.js'

/** Relative to the sum of the magnitudes of all terms: the error of single precision, for the numbers of terms here. */
const tolerance = 4e-6

/** @returns the difference between the current engine and the reference in value or gradients; undefined for none */
export function differenceOf(one: WindowCase, seed: number): string | undefined {
  const random = new Random(seed)
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform(-1, 1))
  const xShape: [number, number, number, number] = [one.batch, ...one.size, one.channels]
  const wShape: [number, number, number, number] = [...one.kernel, one.channels, one.filters]
  const x = numbers(product(xShape))
  const w = isPool(one) ? new Float32Array() : numbers(product(wShape))
  const dy = numbers(product(outputShape(one)))
  const expected = expectedOf(one, x, w, dy)
  return tf.tidy(() => {
    const inputs = [tf.tensor4d(x, xShape), ...(isPool(one) ? [] : [tf.tensor4d(w, wShape)])]
    const y = compute(one, inputs)
    if (y.shape.join() !== expected.shape.join())
      return `shape ${y.shape.join(' x ')} for ${expected.shape.join(' x ')}`
    const slopes = tf.tensor4d(dy, outputShape(one))
    const [dx, dw] = tf.grads((...list: Tensor[]) => tf.sum(tf.mul(compute(one, list), slopes)))(inputs)
    return (
      differs('value', y, expected.y) ??
      (dx && differs('gradient of x', dx, expected.dx)) ??
      (dw && expected.dw && differs('gradient of the weight', dw, expected.dw))
    )
  })
}

function compute(one: WindowCase, [x, w]: readonly Tensor[]): Tensor4D {
  const { kernel, stride, padding, dilation, ceil, countPadding } = one
  const maps = x as Tensor4D
  if (one.kind === 'max_pool') return maxPool(maps, { kernel, stride, padding, ceil })
  if (one.kind === 'avg_pool') return avgPool(maps, { kernel, stride, padding, countPadding })
  const convolve = one.kind === 'conv2d' ? conv2d : depthwiseConv2d
  return convolve(maps, w as Tensor4D, { stride, padding, dilation })
}

function differs(what: string, found: Tensor, { value, scale }: Sums): string | undefined {
  const values = found.dataSync()
  for (const [i, right] of value.entries()) {
    const difference = Math.abs((values[i] ?? Number.NaN) - right)
    if (!(difference <= tolerance * (scale[i] ?? 0) + 1e-30))
      return `${what}: number ${i} is ${values[i]}, not ${right}`
  }
  return undefined
}

function isPool({ kind }: WindowCase): boolean {
  return kind === 'max_pool' || kind === 'avg_pool'
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1)
}
