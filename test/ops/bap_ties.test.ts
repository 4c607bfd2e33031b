import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { bap } from '../../runtime/operations/index.js'
import { silent } from '../../runtime/reporter.js'
import { floats, isHere } from '../kernels/support.js'

/** Two feature channels over 2 x 2 cells, seen through a map of zeros and through one whose product has its maximum twice. */
const features = [2, 3, 2, -1, 2, 5, 2, 7]
const attention = [0, 1, 0, 1, 0, 0.5, 0, 0.25]

for (const engine of ['tfjs-node', 'wasm', 'cpu'] as const)
  test.serial(`cells with the same maximum share its gradient, on ${engine}`, async (t) => {
    if (!(await isHere(engine))) return t.pass(`no ${engine} on this machine`)
    await openEngine(engine, silent)
    const image = tf.tensor4d(features, [1, 2, 2, 2])
    const maps = tf.tensor4d(attention, [1, 2, 2, 2])
    const gradients = tf.grads((f, a) => tf.sum(bap(f as tf.Tensor4D, a as tf.Tensor4D, { pool: 'max' })))
    const [ofFeatures, ofAttention] = gradients([image, maps]).map(floats)
    // Through the second map channel 0 has products 2, 2, 1, 0.5, and channel 1 has 3, -1, 2.5, 1.75.
    t.deepEqual([...(ofFeatures ?? [])], [0.5, 1, 0.5, 0, 0, 0, 0, 0])
    // Of the first map all four cells are 0 in both channels: a quarter of each feature.
    t.deepEqual([...(ofAttention ?? [])], [5 / 4, 2 / 2 + 3, 1 / 4, 2 / 2, 7 / 4, 0, 9 / 4, 0])
  })
