import * as tf from '@tensorflow/tfjs-core'
import { hasCustomOps } from './native/execute.js'
import { addRowsInPlace } from './native/rows.js'

/** Adds rows to those of a table that an index names, [batch]; rows with one index are added up. No gradient goes through it. */
export function addRows(table: tf.Variable<tf.Rank.R2>, index: tf.Tensor1D, rows: tf.Tensor2D): void {
  tf.tidy(() => {
    if (hasCustomOps()) return addRowsInPlace(table, index, rows)
    const [count] = table.shape
    const which = tf.equal(tf.expandDims(tf.range(0, count, 1, 'int32'), 1), tf.expandDims(index, 0))
    table.assign(tf.add(table, tf.matMul(tf.cast(which, 'float32') as tf.Tensor2D, rows)))
  })
}
