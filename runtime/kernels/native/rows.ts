import * as tf from '@tensorflow/tfjs-core'
import { attribute, native } from './execute.js'

/** Adds rows to a table in its own buffer, so that the cost does not depend on the size of the table. */
export function addRowsInPlace(table: tf.Variable<tf.Rank.R2>, index: tf.Tensor1D, rows: tf.Tensor2D): void {
  const backend = native()
  const inputs = [table, tf.expandDims(index, 1), rows]
  const attributes = [attribute.type('T', 'float32'), attribute.type('Tindices', 'int32')]
  if (backend.refCount(table.dataId) === 1) backend.binding.donateInputs?.(1)
  try {
    table.assign(backend.executeSingleOutput('TensorScatterAdd', attributes, inputs) as tf.Tensor2D)
  } finally {
    // If the call was not made, its donation must not apply to the next call.
    backend.binding.donateInputs?.(0)
  }
}
