import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { z } from 'zod'
import { measure } from '../../compiler/graph/measure.js'
import { openEngine } from '../../runtime/engines/index.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package-root.js'
import { fillUniform, keyOf } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { compileFile } from '../../runtime/specs/spec.js'
import type { StoredTensor } from '../../runtime/weights/file.js'
import { readCanonical, WeightStore } from '../../runtime/weights/store.js'
import { backboneSpec, type ListedNetwork, listedNetwork } from '../support/backbone_spec.js'

/** Our backbones against torchvision's and timm's, by what record.py wrote down. */

/** Single precision on both sides, in another order of additions; relative to the tensor's largest value. */
const tolerance = 1e-4
/** Batch statistics of a few cells amplify rounding: in InceptionV3, PyTorch's own single precision is 1.3e-4 away from its double. */
const trainingTolerance = 3e-4

const tap = z.object({
  shape: z.array(z.number()),
  sum: z.number(),
  absoluteSum: z.number(),
  largest: z.number(),
  samples: z.array(z.number()),
})
type Tap = z.infer<typeof tap>
const recordedFile = z.object({
  parameters: z.number(),
  published: z.object({ parameters: z.number(), billionMultiplyAdds: z.number() }).partial(),
  evaluation: z.record(z.string(), tap),
  training: z.record(z.string(), tap).optional(),
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
    // torchvision counts InceptionV3 with its auxiliary head, which nothing here uses.
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

/** record.py's formula. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1))
  const role = name.slice(name.lastIndexOf('.') + 1)
  const key = keyOf('parity', name)
  if (role === 'running_var' || (role === 'weight' && shape.length === 1)) fillUniform(values, key, 0.8, 1.2)
  else if (role === 'bias' || role === 'running_mean') fillUniform(values, key, -0.1, 0.1)
  else {
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, length) => product * length, 1))
    fillUniform(values, key, -bound, bound)
  }
  return values
}

/** Channels-last, as the engine takes it; the stream is in channels-first order. */
function image(batch: number, size: number): Float32Array {
  const first = new Float32Array(batch * 3 * size * size)
  fillUniform(first, keyOf('parity', `image ${batch} ${size}`), -1, 1)
  const last = new Float32Array(first.length)
  const area = size * size
  for (let i = 0; i < first.length; i++) {
    const [image, rest] = [Math.floor(i / (3 * area)), i % (3 * area)]
    last[image * 3 * area + (rest % area) * 3 + Math.floor(rest / area)] = first[i] ?? 0
  }
  return last
}

function channelsFirst(last: Float32Array, batch: number, size: number): Float32Array {
  return Float32Array.from(
    tf.tidy(() => tf.transpose(tf.tensor4d(last, [batch, size, size, 3]), [0, 3, 1, 2]).dataSync()),
  )
}

interface Found {
  readonly dims: readonly number[]
  readonly data: ArrayLike<number>
}

function forward(
  { model, taps }: Network,
  store: WeightStore,
  pixels: Float32Array,
  batch: number,
  size: number,
  training: boolean,
) {
  const found: Record<string, Found> = {}
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
  expected: Readonly<Record<string, Tap>>,
  found: Readonly<Record<string, unknown>>,
  where: string,
): number {
  let worst = 0
  for (const [name, { shape, sum, absoluteSum, largest, samples }] of Object.entries(expected)) {
    const { dims, data } = found[name] as Found
    t.deepEqual([...dims], shape, `${where}: shape of ${name}`)
    let total = 0
    for (let i = 0; i < data.length; i++) total += data[i] ?? 0
    worst = Math.max(worst, Math.abs(total - sum) / absoluteSum)
    samples.forEach((value, i) => {
      const away = Math.abs(value - (data[Math.floor((data.length * i) / samples.length)] ?? Number.NaN))
      worst = Math.max(worst, Number.isNaN(away) ? Number.POSITIVE_INFINITY : away / largest)
    })
    t.true(worst <= (where === 'training' ? trainingTolerance : tolerance), `${where}: ${name} is ${worst} away`)
  }
  return worst
}
