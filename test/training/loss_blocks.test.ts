import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { compileText } from '../../runtime/specs/spec.js'

/** The rows of an image of one pixel are its logits. */
const spec = `import bce, focal, mse, l1, kl from "blocks/losses"

model losses(classes = 3) {
  input image: Image[3, 1, 1]
  input labels: Labels[3]
  input values: Value[3]
  branch whole(image) { row = flatten(image) }
  loss {
    bce   = bce(whole.row, labels)
    focal = focal(whole.row, labels)
    mse   = mse(whole.row, values)
    l1    = l1(whole.row, values)
    kl    = kl(whole.row, values)
  }
  predict probabilities = sigmoid(whole.row)
}
`

/** By torch 2.15 and torchvision, in double precision, for the same rows. */
const expected = {
  bce: 0.8533487042030604,
  focal: 0.36655681735272666,
  mse: 3.0004166666666663,
  l1: 1.4916666666666665,
  kl: 1.230869894519925,
}

test('the losses of blocks/losses are those of PyTorch', async (t) => {
  await openEngine('cpu', silent)
  const { graph, stored, diagnostics } = compileText('losses.wsban', spec)
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  const model = await loadModel(graph, stored.entry)
  const at = Scope.of({ variables: new Map(), training: true, key: [] })
  const image = tf.tensor4d([1.5, -0.5, 0.25, -2, 3, 0], [2, 1, 1, 3])
  const labels = tf.tensor2d([1, 0, 1, 0, 0, 1], [2, 3])
  const values = tf.tensor2d([0.3, -1, 2, 1, 1, 0.5], [2, 3])
  const found = model.losses?.(at, model.forward(at, image), labels, values, image) ?? {}
  t.deepEqual(Object.keys(found), Object.keys(expected))
  for (const [name, loss] of Object.entries(expected)) {
    const value = found[name]?.dataSync()[0] ?? Number.NaN
    t.true(Math.abs(value - loss) < 2e-6 * Math.max(1, loss), `${name}: ${value}`)
  }
})
