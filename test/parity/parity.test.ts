import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import * as z from 'zod'
import { measure } from '../../compiler/graph/measure.js'
import { openEngine } from '../../runtime/engines/index.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { readCanonical, WeightStore } from '../../runtime/weights/store.js'
import type { StoredTensor } from '../../runtime/weights/weight_file.js'
import { backboneSpec, type ListedNetwork, listedNetwork } from '../support/backbone_spec.js'
import { distance, image, type Summary, summary, type Values, valuesOf } from './formula.js'

/** Compares our backbones with torchvision's and timm's, as recorded by record.py. */

/** Relative to the tensor's largest value; both sides use single precision, with another order of sums. */
const tolerance = 1e-4
/** Batch statistics of a few cells amplify rounding: in InceptionV3, PyTorch's own single precision is 1.3e-4 away from its double. */
const trainingTolerance = 3e-4

const recordedFile = z.object({
  parameters: z.number(),
  published: z.object({ parameters: z.number(), billionMultiplyAdds: z.number() }).partial(),
  evaluation: z.record(z.string(), summary),
  training: z.record(z.string(), summary).optional(),
  runningAverages: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
})
const networksFile = z.record(z.string(), listedNetwork)

const here = join(packageRoot(), 'test', 'parity')
const networks = networksFile.parse(JSON.parse(readFileSync(join(here, 'networks.json'), 'utf8')))
const folder = mkdtempSync(join(tmpdir(), 'wsban-parity-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test.before(async () => {
  await openEngine(undefined, silent)
})

for (const [name, network] of Object.entries(networks)) {
  const { size, taps, training } = network
  const recorded = recordedOf(name)

  test.serial(`${name} computes what the published one computes`, async (t) => {
    const built = await build(name, network, size)
    const parameters = [...built.graph.parameters.values()]
    t.is(count(parameters), recorded.parameters)
    // torchvision's count of InceptionV3 includes its auxiliary head, which is not used here.
    if (recorded.published.parameters !== undefined && name !== 'inception_v3')
      t.is(count(parameters), recorded.published.parameters)
    const store = WeightStore.from(built.model.parameters, built.weights, name)
    const onEngine = forward(built, store, image(1, size), 1, size, false)
    const engine = compare(t, recorded.evaluation, onEngine, 'engine')
    store.dispose()
    const path = join(folder, `${name}.onnx`)
    await exportOnnx({
      graph: built.graph,
      stored: built.stored,
      classes: undefined,
      path,
      input: 'tensor',
      weights: { read: async (parameter) => built.weights.get(parameter) ?? Promise.reject(parameter) },
    })
    const session = await InferenceSession.create(path, { logSeverityLevel: 3 })
    const [input] = session.inputNames
    const results = await session.run({
      [input ?? '']: new OrtTensor('float32', channelsFirst(image(1, size), 1, size), [1, 3, size, size]),
    })
    const named = Object.fromEntries(Object.entries(results).map(([output, value]) => [tapName(output, taps), value]))
    const onnx = compare(t, recorded.evaluation, named, 'onnx')
    await session.release()
    rmSync(path)
    t.log(`${name}: engine ${engine.toExponential(1)}, ONNX Runtime ${onnx.toExponential(1)}`)
  })

  if (training && recorded.training)
    test.serial(`${name} in training: batch statistics and running averages`, async (t) => {
      const built = await build(name, network, training.size)
      const store = WeightStore.from(built.model.parameters, built.weights, name)
      const { batch, size: side } = training
      const worst = compare(
        t,
        recorded.training ?? {},
        forward(built, store, image(batch, side), batch, side, true),
        'training',
      )
      for (const [key, [sum, absoluteSum]] of Object.entries(recorded.runningAverages ?? {})) {
        const parameter = built.model.parameters.find(({ name: own }) => own === `net.trunk.${key}`)
        const variable = store.variables.get(`net.trunk.${key}`)
        if (!parameter || !variable) throw new Error(`no ${key}`)
        const values = await readCanonical(variable, parameter)
        const away = Math.abs(values.reduce((total, value) => total + value, 0) - sum)
        t.true(away <= trainingTolerance * absoluteSum, `${key}: ${away} of ${absoluteSum}`)
      }
      store.dispose()
      t.log(`${name} in training: ${worst.toExponential(1)}`)
    })
}

test('multiply-adds are those that torchvision publishes', (t) => {
  for (const [name, network] of Object.entries(networks)) {
    const { published } = recordedOf(name)
    if (published.billionMultiplyAdds === undefined) continue
    const { graph } = compiled(name, network, name === 'inception_v3' ? 299 : 224, [])
    const found = measure(graph).multiplyAdds / 1e9
    const away = Math.abs(found / published.billionMultiplyAdds - 1)
    t.true(away < 0.005, `${name}: ${found} against ${published.billionMultiplyAdds} billion`)
  }
})

type Network = Awaited<ReturnType<typeof build>>

function recordedOf(name: string) {
  return recordedFile.parse(JSON.parse(readFileSync(join(here, 'recorded', `${name}.json`), 'utf8')))
}

function compiled(name: string, network: ListedNetwork, size: number, taps: readonly string[]) {
  const path = join(folder, `${name}.wsban`)
  writeFileSync(path, backboneSpec(name, network, size, taps))
  const { graph, stored, diagnostics } = compileFile(path)
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return { graph, stored }
}

async function build(name: string, network: ListedNetwork, size: number) {
  const { taps } = network
  const { graph, stored } = compiled(name, network, size, taps)
  const model = await loadModel(graph, stored.entry)
  const weights = new Map(
    model.parameters.map((parameter): [string, StoredTensor] => [
      parameter.name,
      { shape: parameter.shape, values: valuesOf(parameter.name.replace('net.trunk.', ''), parameter.shape) },
    ]),
  )
  return { graph, stored, model, weights, taps }
}

function count(parameters: readonly { shape: readonly number[]; trainable: boolean }[]): number {
  return parameters
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
}

function channelsFirst(last: Float32Array, batch: number, size: number): Float32Array {
  return Float32Array.from(
    tf.tidy(() => tf.transpose(tf.tensor4d(last, [batch, size, size, 3]), [0, 3, 1, 2]).dataSync()),
  )
}

function forward(
  { model, taps }: Network,
  store: WeightStore,
  pixels: Float32Array,
  batch: number,
  size: number,
  training: boolean,
) {
  const found: Record<string, Values> = {}
  tf.tidy(() => {
    const at = Scope.of({ variables: store.variables, training, key: [1] })
    const { answers } = model.forward(at, tf.tensor4d(pixels, [batch, size, size, 3]))
    for (const [name, tensor] of Object.entries(answers)) {
      if (!(tensor instanceof tf.Tensor)) continue
      const canonical = tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tensor
      found[tapName(name, taps)] = { dims: canonical.shape, data: canonical.dataSync() }
    }
  })
  return found
}

/** The largest difference of all taps, relative to each one's largest value. */
/** `tap2` is the third one of the list. */
function tapName(prediction: string, taps: readonly string[]): string {
  return prediction.startsWith('tap') ? (taps[Number(prediction.slice(3))] ?? prediction) : prediction
}

function compare(
  t: ExecutionContext,
  expected: Readonly<Record<string, Summary>>,
  found: Readonly<Record<string, unknown>>,
  where: string,
): number {
  let worst = 0
  for (const [name, summary] of Object.entries(expected)) {
    const values = found[name] as Values
    t.deepEqual([...values.dims], summary.shape, `${where}: shape of ${name}`)
    worst = Math.max(worst, distance(summary, values))
    t.true(worst <= (where === 'training' ? trainingTolerance : tolerance), `${where}: ${name} is ${worst} away`)
  }
  return worst
}
