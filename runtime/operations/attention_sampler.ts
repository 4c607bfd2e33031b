import * as tf from '@tensorflow/tfjs-core'
import { placesByDensity } from '../../compiler/ops/sampling/attention_sampler/density.js'
import { type Places, sampleAt } from './sampling.js'

/**
 * Samples each image [batch, H, W, 3] more densely where its map [batch, h, w] is strong. The places are found on the host, from the
 * map's largest value of each row and column; no gradient passes through them. The size is the image's own unless another is given.
 */
export function attentionSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  size?: readonly [number, number],
  { density = 2 }: { density?: number } = {},
): tf.Tensor4D {
  const [batch, height, width] = image.shape
  const [toHeight, toWidth] = size ?? [height, width]
  const [byRow, byColumn] = tf.tidy(() => [tf.max(guide, 2).dataSync(), tf.max(guide, 1).dataSync()])
  const places = (weights: Float32Array | Int32Array | Uint8Array, from: number, count: number): Places => {
    const cells = weights.length / Math.max(1, batch)
    const centres = new Float64Array(batch * count)
    for (let b = 0; b < batch; b++) {
      const own = Array.from(weights.subarray(b * cells, (b + 1) * cells))
      placesByDensity(own, count, density).forEach((place, i) => {
        centres[b * count + i] = place * from - 0.5
      })
    }
    return { count, centres }
  }
  return sampleAt(image, places(byRow, height, toHeight), places(byColumn, width, toWidth))
}
