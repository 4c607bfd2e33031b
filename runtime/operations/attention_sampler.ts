import * as tf from '@tensorflow/tfjs-core'
import { type Axes, boundedDensities, placesByDensity } from '../../compiler/ops/sampling/attention_sampler/density.js'
import { sampleAt } from './sampling.js'

/**
 * Samples each image [batch, H, W, 3] more densely where its map [batch, h, w] is large. The sampling grid is computed on the host from the maximum
 * of each row and column of the map; no gradient passes through it. The output has the image's size by default.
 */
export function attentionSampler(
  image: tf.Tensor4D,
  guide: tf.Tensor3D,
  size?: readonly [number, number],
  { density = 4, axes = 'balanced' }: { density?: number; axes?: Axes } = {},
): tf.Tensor4D {
  const [batch, height, width] = image.shape
  const [, rows, columns] = guide.shape
  const [toHeight, toWidth] = size ?? [height, width]
  const [byRow, byColumn] = tf.tidy(() => [tf.max(guide, 2).dataSync(), tf.max(guide, 1).dataSync()])
  const ys = new Float64Array(batch * toHeight)
  const xs = new Float64Array(batch * toWidth)
  const fill = (centres: Float64Array, from: number, places: readonly number[], length: number) =>
    places.forEach((place, i) => {
      centres[from + i] = place * length - 0.5
    })
  for (let b = 0; b < batch; b++) {
    const [rowDensity, columnDensity] = boundedDensities(
      Array.from(byRow.subarray(b * rows, (b + 1) * rows)),
      Array.from(byColumn.subarray(b * columns, (b + 1) * columns)),
      density,
      axes,
    )
    fill(ys, b * toHeight, placesByDensity(rowDensity, toHeight), height)
    fill(xs, b * toWidth, placesByDensity(columnDensity, toWidth), width)
  }
  return sampleAt(image, { count: toHeight, centres: ys }, { count: toWidth, centres: xs })
}
