import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import type { Model } from '../../runtime/model.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { WeightStore } from '../../runtime/weights/store.js'
import { distance, image, type Summary, summary, type Values, valuesOf } from '../parity/formula.js'

/** The record of record_methods.py: each method's own part, read from its paper in PyTorch. */
const recorded = z
  .record(
    z.string(),
    z.object({
      labels: z.array(z.number()).default([0, 1, 2]),
      losses: z.record(z.string(), z.number()),
      answers: z.record(z.string(), summary),
      gradient: summary,
    }),
  )
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'models', 'recorded_methods.json'), 'utf8')))

/** The engine computes in single precision, the record in double. */
const tolerance = 2e-5

test.before(async () => {
  await openEngine(undefined, silent)
})

for (const [name, expected] of Object.entries(recorded))
  test.serial(`${name}: losses, their gradient by the image, and answers are those of the paper`, async (t) => {
    const { model, weights } = await methodOf(name)
    // Before the training step, which moves running averages.
    const answers = answersOf(model, weights, false, expected.labels)
    for (const [answer, values] of Object.entries(expected.answers))
      checkDistance(t, answer, values, answers.get(answer))
    const { losses, gradient } = trainingStep(model, weights, expected.labels)
    t.deepEqual(Object.keys(losses).sort(), Object.keys(expected.losses).sort())
    for (const [loss, value] of Object.entries(expected.losses)) {
      const found = losses[loss] ?? Number.NaN
      t.true(Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value)), `${loss}: ${found}, not ${value}`)
    }
    checkDistance(t, 'the gradient', expected.gradient, gradient)
    weights.dispose()
  })

test.serial('random attention is drawn from 0 to 2, and a mask of channels keeps two of three', async (t) => {
  const counterfactual = await methodOf('counterfactual')
  const attention = Array.from(
    present(answersOf(counterfactual.model, counterfactual.weights, true).get('drawn'), 'what is drawn').data,
  )
  t.true(attention.every((value) => value >= 0 && value < 2))
  t.true(Math.abs(attention.reduce((sum, value) => sum + value, 0) / attention.length - 1) < 0.1)
  t.true(new Set(attention).size > attention.length / 2)

  const groups = await methodOf('channel_groups')
  const { data } = present(answersOf(groups.model, groups.weights, true).get('mask'), 'the mask')
  const kept = Array.from({ length: data.length / 3 }, (_, group) => Array.from(data).slice(3 * group, 3 * group + 3))
  for (const group of kept) t.deepEqual(group.toSorted(), [0, 1, 1])
  t.true(new Set(kept.map((group) => group.join())).size === 3, 'each channel is hidden somewhere')
})

test.serial('losses of pairs are finite without positives, without negatives, and for one image', async (t) => {
  const methods = ['metric_losses', 'multi_attention', 'pairwise_interaction']
  const batches = [[0, 1, 2], [1, 1, 1], [2]]
  for (const [method, labels] of methods.flatMap((method) => batches.map((labels) => [method, labels] as const))) {
    const { model, weights } = await methodOf(method)
    const { losses, gradient } = trainingStep(model, weights, labels)
    t.true(Array.from(gradient.data).every(Number.isFinite), `${method}, ${labels.join()}`)
    t.true(Object.values(losses).every(Number.isFinite), `${method}, ${labels.join()}`)
    weights.dispose()
    if (method !== 'metric_losses') continue
    // Only the loss with a margin counts negatives without positives.
    const others = Object.entries(losses).filter(([name]) => name !== 'margin')
    if (labels.length !== 3 || labels[0] === 0)
      t.true(
        others.every(([, loss]) => loss === 0),
        labels.join(),
      )
  }
})

/** The spec of a method's own part, with weights by the formula of their names. */
async function methodOf(name: string) {
  const path = join(packageRoot(), 'test', 'fixtures', 'methods', `${name}.wsban`)
  const { graph, stored, diagnostics } = compileFile(path)
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  const model = await loadModel(graph, stored.entry)
  const given = model.parameters.map(({ name, shape }) => [name, { shape, values: valuesOf(name, shape) }] as const)
  return { model, weights: WeightStore.initial(model.parameters, 1, new Map(given)) }
}

/** Labels of three images, for what does not compare images. */
const eachOne = [0, 1, 2]

function images({ image: { size } }: Model, { length }: readonly number[]): tf.Tensor4D {
  return tf.tensor4d(image(length, size), [length, size, size, 3])
}

/** The losses of a training step, and the gradient of their sum by the images. */
function trainingStep(model: Model, { variables }: WeightStore, labels: readonly number[]) {
  const losses: Record<string, number> = {}
  const label = tf.tensor1d([...labels], 'int32')
  const total = (x: tf.Tensor4D) => {
    const at = Scope.of({ variables, training: true, key: [1] })
    const parts = model.losses?.(at, model.forward(at, x, label), label, x) ?? {}
    for (const [name, loss] of Object.entries(parts)) losses[name] = loss.dataSync()[0] ?? Number.NaN
    return tf.addN(Object.values(parts))
  }
  const pixels = images(model, labels)
  const slope = tf.grad((x) => total(x as tf.Tensor4D))(pixels)
  const gradient = values(slope)
  tf.dispose([label, pixels, slope])
  return { losses, gradient }
}

/** The answers by name, in inference or as a training step has them. */
function answersOf(
  model: Model,
  { variables }: WeightStore,
  training: boolean,
  labels = eachOne,
): ReadonlyMap<string, Values> {
  const answers = new Map<string, Values>()
  tf.tidy(() => {
    const label = tf.tensor1d([...labels], 'int32')
    const forward = model.forward(Scope.of({ variables, training, key: [1] }), images(model, labels), label)
    for (const [name, one] of Object.entries(forward.answers))
      if (one instanceof tf.Tensor) answers.set(name, values(one))
  })
  return answers
}

/** Feature maps are channels last on the engine, and channels first in PyTorch. */
function values(tensor: tf.Tensor): Values {
  const first = tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tensor
  return { dims: first.shape, data: first.dataSync() }
}

function checkDistance(t: ExecutionContext, what: string, expected: Summary, found: Values | undefined): void {
  t.deepEqual(found?.dims, expected.shape, what)
  const away = found ? distance(expected, found) : Number.NaN
  t.true(away <= tolerance, `${what} is ${away} away`)
}
