import * as tf from '@tensorflow/tfjs-core'

/** A tensor with a batch of one, once for each image of another. */
export function perImage<T extends tf.Tensor>(x: tf.Tensor, like: tf.Tensor): T {
  // As a sum: the gradient of a tile is not there for all ranks.
  const repeated: tf.Tensor = tf.add(x, tf.zeros([like.shape[0] as number, ...x.shape.slice(1).map(() => 1)]))
  return repeated as T
}

/** Shifts values along axes: each then begins with the value of the given index, and what came before it is at the end. */
export function roll<T extends tf.Tensor>(
  x: tf.Tensor,
  shifts: readonly (readonly [axis: number, first: number])[],
): T {
  let rolled = x
  for (const [axis, first] of shifts) {
    const length = rolled.shape[axis] as number
    const [start, end] = tf.split(rolled, [first, length - first], axis)
    rolled = tf.concat([end as tf.Tensor, start as tf.Tensor], axis)
  }
  return rolled as T
}

/** Feature maps at another height and width: bilinear, half-pixel centres. As two matrix products, whose gradients every engine has. */
export function resize(x: tf.Tensor4D, to: Size): tf.Tensor4D {
  const [toHeight, toWidth] = sizeOf(to)
  const [batch, height, width, channels] = x.shape
  const planes = tf.transpose(x, [0, 3, 1, 2])
  const wide = tf.matMul(tf.reshape(planes, [batch * channels * height, width]), interpolation(width, toWidth))
  const turned = tf.transpose(tf.reshape(wide, [batch * channels, height, toWidth]), [0, 2, 1])
  const tall = tf.matMul(tf.reshape(turned, [batch * channels * toWidth, height]), interpolation(height, toHeight))
  return tf.transpose(tf.reshape(tall, [batch, channels, toWidth, toHeight]), [0, 3, 2, 1])
}

/** The same for one map an image: [batch, h, w]. */
export function resizeMap(x: tf.Tensor3D, to: Size): tf.Tensor3D {
  return tf.squeeze(resize(tf.expandDims(x, 3), to), [3])
}

/** Height and width, or what has them: feature maps [batch, h, w, channels], or one map an image [batch, h, w]. */
type Size = readonly [number, number] | tf.Tensor4D | tf.Tensor3D

function sizeOf(to: Size): readonly [number, number] {
  return to instanceof tf.Tensor ? [to.shape[1], to.shape[2]] : to
}

/** [from, to]: column i holds the two shares that make output cell i. */
function interpolation(from: number, to: number): tf.Tensor2D {
  const matrix = new Float32Array(from * to)
  for (let i = 0; i < to; i++) {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5))
    const low = Math.floor(centre)
    const high = Math.min(low + 1, from - 1)
    matrix[low * to + i] = (matrix[low * to + i] as number) + 1 - (centre - low)
    matrix[high * to + i] = (matrix[high * to + i] as number) + centre - low
  }
  return tf.tensor2d(matrix, [from, to])
}
