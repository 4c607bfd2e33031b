import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { keyOf, Random } from '../../compiler/random.js'
import type { Mixed } from '../../runtime/data/mixing.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { silent } from '../../runtime/reporter.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { computeGradients } from '../../runtime/training/gradients.js'
import { WeightStore } from '../../runtime/weights/store.js'

const text = `model small(classes = 3, size = 8) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) { logits = conv2d(image, 4, 3) -> relu -> global_avg_pool -> linear(classes) }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { augment image { mixup(0.4), cutmix } }
}
`

test.before(async () => {
  await openEngine('cpu', silent)
})

test('a mixed batch has the losses and the gradients of both labels, weighed; to 1e-5', async (t) => {
  const { graph, diagnostics } = compile({ source: 'small.wsban', text }, diskLibrary())
  t.deepEqual(diagnostics, [])
  if (!graph) return
  t.deepEqual(graph.plan.mix, [
    { name: 'mixup', arguments: { alpha: 0.4 } },
    { name: 'cutmix', arguments: { alpha: 1 } },
  ])
  t.is(graph.plan.augment, undefined)
  const model = await loadModel(graph, 'small.wsban')
  const weights = WeightStore.initial(model.parameters, 1, undefined)
  const random = new Random(keyOf('mixed'))
  const images = Float32Array.from({ length: 4 * 8 * 8 * 3 }, () => random.uniform(-1, 1))
  const own = Int32Array.of(0, 1, 2, 1)
  const other = Int32Array.of(1, 1, 0, 2)
  const slopes = (labels: Int32Array, mixed?: Mixed) => {
    const batch = { images, labels, ...(mixed && { mixed }) }
    const { losses, gradients } = computeGradients(model, batch, weights, weights.trainable, { key: [1] })
    const flat = [...gradients.keys()].sort().map((name) => Array.from(gradients.get(name)?.dataSync() ?? []))
    return [...losses.dataSync(), ...flat.flat()]
  }
  tf.tidy(() => {
    const share = 0.3
    const [a, b, mixed] = [slopes(own), slopes(other), slopes(own, { labels: other, share })]
    t.true(mixed.length > 100)
    for (const [i, value] of mixed.entries()) {
      const wanted = share * (a[i] ?? 0) + (1 - share) * (b[i] ?? 0)
      t.true(Math.abs(value - wanted) < 1e-5, `${i}: ${value} against ${wanted}`)
    }
    t.notDeepEqual(mixed, a)
  })
  weights.dispose()
})
