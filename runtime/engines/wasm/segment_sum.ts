import * as tf from '@tensorflow/tfjs-core'
import * as z from 'zod'
import { need, replaceKernel } from './replace.js'

const options = z.object({ numSegments: z.number() })

/** Adds the sum of rows by segment, which is the gradient of gathering rows. */
export function addSegmentSum(): void {
  replaceKernel('UnsortedSegmentSum', (inputs, attributes) => {
    const x = need(inputs, 'x')
    const segments = need(inputs, 'segmentIds').dataSync()
    const { numSegments } = options.parse(attributes)
    const shape = [numSegments, ...x.shape.slice(need(inputs, 'segmentIds').rank)]
    const length = shape.slice(1).reduce((product, size) => product * size, 1)
    const values = x.dataSync()
    const sums = x.dtype === 'int32' ? new Int32Array(numSegments * length) : new Float32Array(numSegments * length)
    segments.forEach((segment, row) => {
      // TensorFlow ignores rows whose index is out of range.
      if (segment < 0 || segment >= numSegments) return
      for (let k = 0; k < length; k++) (sums[segment * length + k] as number) += values[row * length + k] as number
    })
    return tf.tensor(sums, shape, x.dtype)
  })
}
