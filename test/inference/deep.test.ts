import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { innerDifferences } from '../../runtime/inference/deep.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { WeightStore } from '../../runtime/weights/store.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-deep-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
test.before(async () => {
  await openEngine(undefined, silent)
})

/** Returns the differences of an exported file in which one weight is changed. */
async function differences(changed: string | undefined) {
  const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  if (!graph) throw new Error('the model does not compile')
  const path = join(folder, `${changed ?? 'same'}.onnx`)
  const read = async (name: string) => {
    const parameter = graph.parameters.get(name)
    if (!parameter) throw new Error(`no ${name}`)
    const values = initialValues(parameter, 1)
    return { shape: parameter.shape, values: name === changed ? values.map((value) => value + 0.05) : values }
  }
  await exportOnnx({ graph, stored, classes: undefined, path, input: 'image', weights: { read } })
  const random = new Random(1)
  const image = { width: 80, height: 60, data: Uint8Array.from({ length: 80 * 60 * 3 }, () => random.integer(256)) }
  const weights = async (parameters: Parameters<typeof WeightStore.initial>[0]) => WeightStore.initial(parameters, 1)
  return innerDifferences({ graph, entry: stored.entry, weights, path, image })
}

test.serial('a file that computes what the engine does has no value that differs', async (t) => {
  const inner = await differences(undefined)
  t.true(inner.length > 40)
  t.deepEqual(
    inner.filter(({ relative }) => relative > 1e-3),
    [],
  )
})

for (const [weight, binding] of [
  ['master.trunk.layer2.conv2.conv.weight', 'master/trunk/layer2/conv2/bn'],
  ['master.attention.bn.bias', 'master/attention/bn'],
  ['master.logits.weight', 'master/logits'],
] as const)
  test.serial(`where ${weight} is another one, ${binding} is the first value that differs`, async (t) => {
    const inner = await differences(weight)
    t.is(inner.find(({ relative }) => relative > 1e-3)?.name, binding)
  })
