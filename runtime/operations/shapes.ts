import * as tf from '@tensorflow/tfjs-core'
import { elementAt } from '../../grammar/present.js'

/** Broadcasts a tensor with a batch of one to the batch of another. */
export function perImage<T extends tf.Tensor>(x: tf.Tensor, like: tf.Tensor): T {
  // By addition: the gradient of tf.tile does not exist for all ranks.
  const repeated: tf.Tensor = tf.add(x, tf.zeros([like.shape[0] as number, ...x.shape.slice(1).map(() => 1)]))
  return repeated as T
}

/** Fixed numbers in a shape. */
export function constant<T extends tf.Tensor>(values: number[], shape: number[]): T {
  const made: tf.Tensor = tf.tensor(values, shape, 'float32')
  return made as T
}

/** Tensors of one shape, joined along a new axis. */
export function stack<T extends tf.Tensor>(tensors: readonly tf.Tensor[], axis: number): T {
  const apart = tensors.map((x) => tf.expandDims(x, axis))
  const joined: tf.Tensor = apart.length === 1 ? (apart[0] as tf.Tensor) : tf.concat(apart, axis)
  return joined as T
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

/**
 * Height and width, or what has them: feature maps [batch, h, w, channels], one map an image [batch, h, w], or a list of feature maps
 * [batch, n, channels, h, w], whose channels do not come last.
 */
type Size = readonly [number, number] | tf.Tensor5D | tf.Tensor4D | tf.Tensor3D

function sizeOf(to: Size): readonly [number, number] {
  if (!(to instanceof tf.Tensor)) return to
  const height = to.rank === 5 ? 3 : 1
  return [elementAt(to.shape, height), elementAt(to.shape, height + 1)]
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

/** Maps with factor squared times fewer channels [batch, h, w, channels], and as many cells more; a channel's neighbours become those in space. */
export function pixelShuffle(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape
  const left = channels / factor ** 2
  const apart = tf.transpose(tf.reshape(x, [batch, height, width, left, factor, factor]), [0, 1, 4, 2, 5, 3])
  return tf.reshape(apart, [batch, height * factor, width * factor, left])
}

/** start + i * step for i from 0 to count - 1, [1, count]. TensorFlow.js's own adds the step again and again, and its rounding with it. */
export function range(count: number, start: number, step: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: count }, (_, i) => start + i * step),
    [1, count],
  )
}

/** The index of each cell along an axis, [1, size]. */
export function coordinates(x: tf.Tensor, axis: number): tf.Tensor2D {
  return tf.expandDims(tf.range(0, x.shape[axis] as number, 1, 'float32'), 0)
}

/** The values at the indices [1, ...] along an axis, which are limited to it and rounded down. */
export function gather<T extends tf.Tensor>(x: tf.Tensor, index: tf.Tensor, axis: number): T {
  const length = x.shape[axis] as number
  const whole = tf.cast(tf.clipByValue(tf.squeeze(index, [0]), 0, length - 1), 'int32')
  // TensorFlow.js has a gradient for the indices, of whole numbers, and refuses it.
  const taken: tf.Tensor = tf.customGrad((table, save) => {
    const source = table as tf.Tensor
    ;(save as tf.GradSaveFunc)([whole])
    return {
      value: tf.gather(source, whole, axis),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => scattered(dy, saved as tf.Tensor, source.shape, axis),
    }
  })(x)
  return taken as T
}

/** The gradient of a gather: for each entry of the axis, the sum over the places that took it. */
function scattered(dy: tf.Tensor, index: tf.Tensor, shape: readonly number[], axis: number): tf.Tensor {
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1)
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
  const length = shape[axis] as number
  const rows = tf.reshape(tf.transpose(tf.reshape(dy, [outer, index.size, inner]), [1, 0, 2]), [index.size, -1])
  const sums = tf.unsortedSegmentSum(rows, tf.reshape(index, [index.size]), length)
  return tf.reshape(tf.transpose(tf.reshape(sums, [length, outer, inner]), [1, 0, 2]), [...shape])
}
