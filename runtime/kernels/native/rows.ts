import * as tf from '@tensorflow/tfjs-core'
import { attribute, donating, native, ownTheirValues } from './execute.js'

/** Adds rows to a table in its own buffer, so that the cost does not depend on the size of the table. */
export function addRowsInPlace(table: tf.Variable<tf.Rank.R2>, index: tf.Tensor1D, rows: tf.Tensor2D): void {
  const inputs = [table, tf.expandDims(index, 1), rows]
  const attributes = [attribute.type('T', 'float32'), attribute.type('Tindices', 'int32')]
  const updated = donating(ownTheirValues([table]) ? 1 : 0, () =>
    native().executeSingleOutput('TensorScatterAdd', attributes, inputs),
  )
  table.assign(updated as tf.Tensor2D)
}
