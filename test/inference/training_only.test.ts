import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { specialise, withoutLosses } from '../../compiler/graph/phase.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { EnginePredictor } from '../../runtime/inference/engine.js'
import { silent } from '../../runtime/reporter.js'
import { diskLibrary } from '../../runtime/specs/library.js'
import { WeightStore } from '../../runtime/weights/store.js'

const text = `model heads(classes = 3, size = 8) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch a(image) {
    map    = conv2d(image, 4, 3, padding = 1) -> relu
    pooled = global_avg_pool(map)
    head   = linear(pooled, 5)
    logits = linear(pooled, classes)
  }
  branch beside(image) { logits = conv2d(image, 2, 3) -> global_avg_pool -> linear(classes) }
  loss {
    answer = cross_entropy(a.logits, label) + cross_entropy(beside.logits, label)
    centre = center_loss(a.head, label)
  }
  predict probabilities = softmax(a.logits)
}
`

test('prediction needs no weights that only a loss uses', async (t) => {
  const { graph } = compile({ source: 'heads.wsban', text }, diskLibrary())
  if (!graph) throw new Error('the spec does not compile')
  await openEngine(undefined, silent)
  const model = await loadModel(withoutLosses(graph), 'heads.wsban')
  t.deepEqual(
    model.parameters.map(({ name }) => name),
    [...specialise(graph, 'inference').parameters.keys()],
  )
  t.is(model.losses, undefined)
  const predictor = new EnginePredictor(model, ['a', 'b', 'c'], WeightStore.initial(model.parameters, 1))
  const { probabilities } = await predictor.run(new Float32Array(2 * 8 * 8 * 3).fill(0.5), 2)
  t.deepEqual(probabilities?.shape, [2, 3])
  await predictor.close()
})
