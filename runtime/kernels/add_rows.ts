import * as tf from '@tensorflow/tfjs-core'
import { membership } from './membership.js'
import { hasCustomOps } from './native/execute.js'
import { addRowsInPlace } from './native/rows.js'

/** Adds rows to a table at the indices [batch]; rows with equal indices are summed. It has no gradient. */
export function addRows(table: tf.Variable<tf.Rank.R2>, index: tf.Tensor1D, rows: tf.Tensor2D): void {
  tf.tidy(() => {
    if (hasCustomOps()) return addRowsInPlace(table, index, rows)
    table.assign(tf.add(table, tf.matMul(membership(index, table.shape[0]), rows, true)))
  })
}
