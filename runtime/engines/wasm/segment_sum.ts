import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { need, replaceKernel } from './replace.js'

const options = z.object({ numSegments: z.number() })

/** Rows summed by their number: the gradient of gathering rows. */
export function addSegmentSum(): void {
  replaceKernel('UnsortedSegmentSum', (inputs, attributes) => {
    const x = need(inputs, 'x')
    const numbers = need(inputs, 'segmentIds').dataSync()
    const { numSegments } = options.parse(attributes)
    const shape = [numSegments, ...x.shape.slice(need(inputs, 'segmentIds').rank)]
    const length = shape.slice(1).reduce((product, size) => product * size, 1)
    const values = x.dataSync()
    const sums = x.dtype === 'int32' ? new Int32Array(numSegments * length) : new Float32Array(numSegments * length)
    numbers.forEach((segment, row) => {
      // A negative index belongs to no segment: TensorFlow leaves such rows out.
      if (segment < 0 || segment >= numSegments) return
      for (let k = 0; k < length; k++) (sums[segment * length + k] as number) += values[row * length + k] as number
    })
    return tf.tensor(sums, shape, x.dtype)
  })
}
