import * as tf from '@tensorflow/tfjs-core'

/** For each output of each image, where it lies in the input, in pixels: rows after one another. */
export interface Places {
  readonly count: number
  readonly centres: Float64Array
}

/**
 * Each image [batch, H, W, channels] sampled bilinearly where the rows and columns say, [batch, rows.count, columns.count, channels].
 * As two matrix products, which every engine has with their gradients. TensorFlow's own cropAndResize blackens the last row of a box
 * whose place rounding puts a millionth of a pixel beyond the border.
 */
export function sampleAt(image: tf.Tensor4D, rows: Places, columns: Places): tf.Tensor4D {
  const [batch, height, width, channels] = image.shape
  const tall = tf.matMul(shares(rows, batch, height), tf.reshape(image, [batch, height, width * channels]))
  const upright = tf.reshape(tall, [batch, rows.count, width, channels])
  const turned = tf.reshape(tf.transpose(upright, [0, 2, 1, 3]), [batch, width, rows.count * channels])
  const wide: tf.Tensor4D = tf.reshape(tf.matMul(shares(columns, batch, width), turned), [
    batch,
    columns.count,
    rows.count,
    channels,
  ])
  return tf.transpose(wide, [0, 2, 1, 3])
}

/** [batch, count, from]: row i holds the two shares of pixels that make output i. What lies outside takes the border. */
function shares({ count, centres }: Places, batch: number, from: number): tf.Tensor3D {
  const matrix = new Float32Array(batch * count * from)
  for (let i = 0; i < batch * count; i++) {
    const centre = Math.min(from - 1, Math.max(0, centres[i] as number))
    const low = Math.floor(centre)
    const high = Math.min(low + 1, from - 1)
    matrix[i * from + low] = 1 - (centre - low)
    matrix[i * from + high] = (matrix[i * from + high] as number) + centre - low
  }
  return tf.tensor3d(matrix, [batch, count, from])
}
