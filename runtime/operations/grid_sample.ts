import * as tf from '@tensorflow/tfjs-core'
import { compare } from './comparison.js'

/**
 * Samples maps [batch, H, W, channels] bilinearly at the positions of a grid [batch, h, w, 2]: x and y as fractions of width and height. Outside, the
 * border cells are repeated ('edge') or zeros are used.
 */
export function gridSample(x: tf.Tensor4D, grid: tf.Tensor4D, outside: 'edge' | 'zeros' = 'edge'): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape
  const [, toHeight, toWidth] = grid.shape
  const cells: tf.Tensor2D = tf.reshape(x, [batch * height * width, channels])
  const [across, down] = tf.split(grid, 2, 3).map((places) => tf.reshape(places, [batch, toHeight * toWidth]))
  const columns = neighbours(across as tf.Tensor2D, width, outside)
  const rows = neighbours(down as tf.Tensor2D, height, outside)
  const first = tf.mul(tf.range(0, batch, 1, 'int32'), whole(height * width))
  const corners = rows.flatMap((row) =>
    columns.map((column) => {
      const index = tf.add(tf.add(tf.mul(row.index, whole(width)), column.index), tf.reshape(first, [batch, 1]))
      const places: tf.Tensor1D = tf.reshape(index, [-1])
      const share = tf.reshape(tf.mul(row.share, column.share), [-1, 1])
      return tf.mul(cellsAt(cells, places), share)
    }),
  )
  return tf.reshape(tf.addN(corners), [batch, toHeight, toWidth, channels])
}

/** The two cells along one axis that each position lies between, and their weights. */
function neighbours(places: tf.Tensor2D, length: number, outside: 'edge' | 'zeros') {
  const centre = tf.sub(tf.mul(places, length), 0.5)
  const within = outside === 'edge' ? tf.clipByValue(centre, 0, length - 1) : centre
  const low = tf.floor(within)
  const high = tf.add(low, 1)
  const share = tf.sub(within, low)
  return [
    { cell: low, share: tf.sub(1, share) },
    { cell: high, share },
  ].map(({ cell, share: weight }) => {
    const limited = tf.clipByValue(cell, 0, length - 1)
    return {
      // Clipped as integers, too: NaN becomes an arbitrary integer.
      index: tf.minimum(tf.maximum(tf.cast(limited, 'int32'), whole(0)), whole(length - 1)),
      share: outside === 'edge' ? weight : tf.mul(weight, compare('equal', limited, cell)),
    }
  })
}

/** Rows of a matrix by their indices; the gradient of a row is the sum over the places that took it. */
function cellsAt(cells: tf.Tensor2D, index: tf.Tensor1D): tf.Tensor2D {
  return tf.customGrad((x, save) => {
    const source = x as tf.Tensor2D
    ;(save as tf.GradSaveFunc)([index])
    return {
      value: tf.gather(source, index),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
        tf.unsortedSegmentSum(dy, saved as tf.Tensor1D, source.shape[0]),
    }
  })(cells) as tf.Tensor2D
}

function whole(value: number): tf.Scalar {
  return tf.scalar(value, 'int32')
}
