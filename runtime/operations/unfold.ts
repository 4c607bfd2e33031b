import * as tf from '@tensorflow/tfjs-core'
import { gather } from './shapes.js'

type Indices = readonly (readonly number[])[]

/**
 * The values under each place of a window of maps [batch, channels, height, width], as [batch, channels x cells, places]. For each cell of the
 * kernel, `rows` and `columns` hold its indices at all window positions, in the padded maps.
 */
export function unfold(
  x: tf.Tensor4D,
  rows: Indices,
  columns: Indices,
  [vertical, horizontal]: readonly [number, number],
): tf.Tensor3D {
  const [batch, channels] = x.shape
  const padded = tf.pad(x, [
    [0, 0],
    [0, 0],
    [vertical, vertical],
    [horizontal, horizontal],
  ])
  const tall = gather<tf.Tensor>(padded, indexOf(rows), 2)
  const windows = gather<tf.Tensor>(tall, indexOf(columns), 4)
  const ordered = tf.transpose(windows, [0, 1, 2, 4, 3, 5])
  const cells = rows.length * columns.length
  return tf.reshape(ordered, [batch, channels * cells, windows.size / (batch * channels * cells)])
}

/** [1, cells, places] */
function indexOf(indices: Indices): tf.Tensor {
  return tf.tensor3d([indices.map((one) => [...one])])
}
