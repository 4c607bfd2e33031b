import * as tf from '@tensorflow/tfjs-core'

/** The position of each output sample in the input, in pixels, along one axis, for each image. */
export interface Places {
  readonly count: number
  readonly centres: Float64Array
}

/**
 * Samples each image [batch, H, W, channels] bilinearly at the given rows and columns: [batch, rows.count, columns.count, channels]. It is two matrix
 * products, which every engine has with gradients. TensorFlow's cropAndResize sets the last row of a box to zero if rounding places it slightly
 * beyond the border.
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

/** [batch, count, from]: row i holds the weights of the two pixels of output i. Positions outside are clipped to the border. */
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
