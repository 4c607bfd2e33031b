import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { loadModel } from '../../runtime/generated/load.js'
import { EnginePredictor } from '../../runtime/inference/engine.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { packageRoot } from '../../runtime/package-root.js'
import { Random } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { baseRate, makeOptimizer } from '../../runtime/training/optimizers.js'
import { trainStep } from '../../runtime/training/step.js'
import { WeightStore } from '../../runtime/weights/store.js'

const root = packageRoot()
const fixtures = join(root, 'test', 'fixtures', 'models')
const specs = [
  join(root, 'models', 'wsban_tiny.wsban'),
  ...readdirSync(fixtures)
    .filter((file) => file.endsWith('.wsban'))
    .map((file) => join(fixtures, file)),
]
const folder = mkdtempSync(join(tmpdir(), 'wsban-models-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Single precision on both sides; relative to an output's largest value. */
const tolerance = 1e-4

test.before(async () => {
  await openEngine(undefined, silent)
})

for (const path of specs) {
  const name = basename(path, '.wsban')

  test.serial(`${name}: the ONNX file answers as the engine does`, async (t) => {
    const { graph, stored } = compileFile(path)
    if (!graph) throw new Error('it does not compile')
    const model = await loadModel(graph, stored.entry)
    const file = join(folder, `${name}.onnx`)
    await exportOnnx({ graph, stored, classes: undefined, path: file, input: 'image', weights: { seed: 5 } })
    const onnx = await OnnxPredictor.open(file)
    const engine = new EnginePredictor(model, onnx.classes, WeightStore.initial(model.parameters, 5))
    const random = new Random(1)
    const pictures = (
      [
        [40, 70],
        [130, 90],
        [300, 220],
      ] as const
    ).map(([width, height]) => ({
      width,
      height,
      data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)),
    }))
    const [expected, found] = [await engine.predict(pictures), await onnx.predict(pictures)]
    for (const [index, answer] of expected.entries()) {
      const other = found[index]
      const rows: [string, ArrayLike<number> | undefined, ArrayLike<number> | undefined][] = [
        ['probabilities', answer.probabilities, other?.probabilities],
        ['boxes', answer.box, other?.box],
        ['attention', answer.attention?.values, other?.attention?.values],
        ...Object.entries(answer.logits).map(
          ([branch, values]): [string, ArrayLike<number>, ArrayLike<number> | undefined] => [
            branch,
            values,
            other?.logits[branch],
          ],
        ),
      ]
      for (const [output, a, b] of rows) {
        t.truthy(a, output)
        const largest = Math.max(...Array.from(a ?? [], Math.abs))
        const away = Math.max(...Array.from(a ?? [], (value, i) => Math.abs(value - (b?.[i] ?? Number.NaN))))
        t.true(away <= tolerance * largest, `${output} of picture ${index}: ${away} away`)
      }
    }
    await onnx.close()
    await engine.close()
  })

  test.serial(`${name}: some steps on one batch make its loss fall, and repeat exactly`, async (t) => {
    const { graph, stored } = compileFile(path)
    if (!graph) throw new Error('it does not compile')
    const model = await loadModel(graph, stored.entry)
    const run = () => {
      const weights = WeightStore.initial(model.parameters, 2)
      const optimizer = makeOptimizer(model.plan.optimizer)
      const random = new Random(3)
      const batch = {
        images: Float32Array.from({ length: 6 * model.image.size ** 2 * 3 }, () => random.uniform(-1, 1)),
        labels: Int32Array.from([0, 1, 2, 0, 1, 1]),
        indices: Int32Array.from([0, 1, 2, 3, 4, 5]),
      }
      const totals = Array.from(
        { length: 8 },
        (_, step) =>
          trainStep(batch, { model, weights, optimizer, rate: baseRate(model.plan.optimizer), seed: 1, step }).total ??
          Number.NaN,
      )
      optimizer.dispose()
      weights.dispose()
      return totals
    }
    const totals = run()
    t.true(totals.every(Number.isFinite))
    t.true(Math.min(...totals.slice(4)) < (totals[0] ?? 0), totals.join(' '))
    t.deepEqual(run(), totals)
  })
}
