import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { keyOf, Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { silent } from '../../runtime/reporter.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { computeGradients } from '../../runtime/training/gradients.js'
import { WeightStore } from '../../runtime/weights/store.js'

const model = (loss: string) => `model small(classes = 3, size = 8) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) { logits = conv2d(image, 4, 3) -> relu -> global_avg_pool -> linear(classes) }
  loss { whole = ${loss} }
  predict probabilities = softmax(whole.logits)
}
`

test.before(async () => {
  await openEngine('cpu', silent)
})

async function lossAndGradients(loss: string): Promise<readonly number[]> {
  const { graph, diagnostics } = compile({ source: 'small.wsban', text: model(loss) }, diskLibrary())
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join())
  const built = await loadModel(graph, 'small.wsban')
  const weights = WeightStore.initial(built.parameters, 1, undefined)
  const random = new Random(keyOf('images'))
  const images = Float32Array.from({ length: 4 * 8 * 8 * 3 }, () => random.uniform(-1, 1))
  const batch = { images, labels: Int32Array.of(0, 1, 2, 1) }
  const values = tf.tidy(() => {
    const { losses, gradients } = computeGradients(built, batch, weights, weights.trainable, { key: [1] })
    const flat = [...gradients.keys()].sort().map((name) => Array.from(gradients.get(name)?.dataSync() ?? []))
    return [...losses.dataSync(), ...flat.flat()]
  })
  weights.dispose()
  return values
}

test('of a loss of each image the mean is minimised: written out, cross entropy is cross_entropy; to 1e-6', async (t) => {
  const expected = await lossAndGradients('cross_entropy(whole.logits, label)')
  const found = await lossAndGradients('-sum(log_softmax(whole.logits) * one_hot(label), over = last)')
  t.true(expected.length > 100)
  t.is(found.length, expected.length)
  for (const [index, value] of found.entries()) t.true(Math.abs(value - (expected[index] ?? 0)) < 1e-6, `${index}`)
})
