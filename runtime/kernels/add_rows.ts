import * as tf from '@tensorflow/tfjs-core'
import { membership } from './membership.js'
import { hasCustomOps } from './native/execute.js'
import { addRowsInPlace } from './native/rows.js'

/** Adds rows to those of a table that an index names, [batch]; rows with one index are added up. No gradient goes through it. */
export function addRows(table: tf.Variable<tf.Rank.R2>, index: tf.Tensor1D, rows: tf.Tensor2D): void {
  tf.tidy(() => {
    if (hasCustomOps()) return addRowsInPlace(table, index, rows)
    table.assign(tf.add(table, tf.matMul(membership(index, table.shape[0]), rows, true)))
  })
}
