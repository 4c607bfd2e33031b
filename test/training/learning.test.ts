import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import type { Setting, TrainingPlan } from '../../compiler/graph/graph.js'
import { openEngine } from '../../runtime/engines/index.js'
import type { Model } from '../../runtime/model.js'
import { crossEntropy } from '../../runtime/operations/losses.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { balancedWeights } from '../../runtime/training/class_weights.js'
import { Learner } from '../../runtime/training/learner.js'
import { NotFinite } from '../../runtime/training/not_finite.js'
import { makeSchedule } from '../../runtime/training/schedules.js'

/** PyTorch's results for the same numbers, recorded by record.py. In single precision, so to 1e-6. */
const file = join(packageRoot(), 'test', 'training', 'recorded.json')
const numbers = z.array(z.number())
const recorded = z
  .object({
    weight: numbers,
    bias: numbers,
    gradients: z.array(z.object({ weight: numbers, bias: numbers })),
    updates: z.record(z.string(), z.array(z.object({ norm: z.number(), values: numbers }))),
    epochs: z.number(),
    stepsPerEpoch: z.number(),
    rates: z.record(z.string(), numbers),
    logits: numbers,
    labels: numbers,
    classWeights: numbers,
    losses: z.record(z.string(), z.object({ loss: z.number(), gradient: numbers })),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')))
const tolerance = 1e-6

test.before(async () => {
  await openEngine('cpu', silent)
})

function close(t: ExecutionContext, found: readonly number[], expected: readonly number[], what: string) {
  t.is(found.length, expected.length, what)
  for (const [index, value] of expected.entries()) {
    const away = Math.abs(value - (found[index] ?? Number.NaN))
    t.true(away <= tolerance * Math.max(1, Math.abs(value)), `${what}: ${found[index]} against ${value}`)
  }
}

const plain: TrainingPlan = {
  epochs: 10,
  batch: 1,
  optimizer: { name: 'sgd', arguments: { rate: 0.1, momentum: 0.9, weight_decay: 0, decays: 'all' } },
  schedule: { name: 'constant', arguments: { warm_up: 0 } },
  groups: [],
  accumulate: 1,
  clip: 0,
  classWeights: 'none',
  patience: 0,
}
const sgd = (given: Setting['arguments']): Pick<TrainingPlan, 'optimizer'> => ({
  optimizer: { name: 'sgd', arguments: { ...plain.optimizer.arguments, ...given } },
})
const adam = (name: string, given: Setting['arguments']): Pick<TrainingPlan, 'optimizer'> => ({
  optimizer: {
    name,
    arguments: { rate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0, decays: 'all', ...given },
  },
})

/** Two parameters, and a loss whose gradients are the given ones. */
function modelOf(plan: TrainingPlan, gradients: () => { readonly weight: number[]; readonly bias: number[] }): Model {
  return {
    name: 'two',
    settings: {},
    image: { size: 1, steps: [] },
    plan,
    pretrained: [],
    parameters: [
      { name: 'head.weight', shape: [2, 3], initializer: { kind: 'constant', value: 0 }, trainable: true },
      { name: 'head.bias.value', shape: [2], initializer: { kind: 'constant', value: 0 }, trainable: true },
    ],
    forward: () => ({ answers: { logits: {} } }),
    losses(at) {
      const { weight, bias } = gradients()
      return {
        weight: tf.sum<tf.Scalar>(tf.mul(at.get('head.weight'), tf.tensor2d(weight, [2, 3]))),
        bias: tf.sum<tf.Scalar>(tf.mul(at.get('head.bias.value'), tf.tensor1d(bias))),
      }
    },
  }
}

const given = new Map([
  ['head.weight', { shape: [2, 3], values: Float32Array.from(recorded.weight) }],
  ['head.bias.value', { shape: [2], values: Float32Array.from(recorded.bias) }],
])
const image = { images: new Float32Array(3), labels: Int32Array.of(0) }

async function valuesOf(learner: Learner): Promise<number[]> {
  const tensors = [...(await learner.weights.read()).values()]
  return tensors.flatMap(({ values }) => [...values])
}

const bias = { name: 'bias', path: 'head.bias', rate: 1, frozen: 0 }
const cases: Readonly<Record<string, Partial<TrainingPlan>>> = {
  sgd: sgd({ weight_decay: 0.01 }),
  'sgd without momentum': sgd({ momentum: 0 }),
  'sgd, decay on weights': sgd({ weight_decay: 0.1, decays: 'weights' }),
  adam: adam('adam', { weight_decay: 0.1 }),
  adamw: adam('adamw', { weight_decay: 0.1 }),
  groups: { ...sgd({ weight_decay: 0.05 }), groups: [{ ...bias, rate: 0.1, weightDecay: 0 }] },
  frozen: { ...adam('adam', {}), groups: [{ ...bias, frozen: 3 }] },
  clip: { clip: 1.5 },
  accumulate: { accumulate: 2 },
  'accumulate and clip': { accumulate: 4, clip: 0.5 },
  average: { average: { name: 'ema', arguments: { decay: 0.8, warm_up: false } } },
}

for (const [name, changes] of Object.entries(cases))
  test.serial(`updates as PyTorch's: ${name}`, async (t) => {
    const plan = { ...plain, ...changes }
    let batch = 0
    const next = () => recorded.gradients[batch] ?? { weight: [], bias: [] }
    const learner = Learner.begin({ model: modelOf(plan, next), seed: 1 }, given)
    const expected = recorded.updates[name] ?? []
    t.is(expected.length, 8 / plan.accumulate)
    for (const [step, { norm, values }] of expected.entries()) {
      for (let part = 0; part < plan.accumulate; part++, batch++) {
        const moment = { step, epoch: step, rate: Number(plan.optimizer.arguments.rate) }
        const result = learner.accumulate(image, moment, part === plan.accumulate - 1)
        if (result) close(t, [result.gradientNorm], [norm], 'norm')
      }
      close(t, await valuesOf(learner), values, `step ${step}`)
    }
    learner.dispose()
  })

test.serial(
  'an average that warms up keeps (1 + n) / (10 + n) at step n, and what learns goes its own way',
  async (t) => {
    const average = { name: 'ema', arguments: { decay: 0.3, warm_up: true } }
    let step = 0
    const next = () => recorded.gradients[step] ?? { weight: [], bias: [] }
    const learner = Learner.begin({ model: modelOf({ ...plain, average }, next), seed: 1 }, given)
    const expected = (recorded.updates.sgd ?? []).map(() => 0)
    let mean = recorded.weight[0] ?? 0
    let weight = mean
    let velocity = 0
    for (; step < expected.length; step++) {
      learner.accumulate(image, { step, epoch: 0, rate: 0.1 }, true)
      velocity = 0.9 * velocity + (recorded.gradients[step]?.weight[0] ?? 0)
      weight -= 0.1 * velocity
      const decay = Math.min(0.3, (2 + step) / (11 + step))
      mean = decay * mean + (1 - decay) * weight
      close(t, (await valuesOf(learner)).slice(0, 1), [mean], `step ${step}`)
    }
    learner.dispose()
  },
)

test.serial(
  'training resumed from a checkpoint reaches the same values: adam, frozen at first, averaged',
  async (t) => {
    const average = { name: 'ema', arguments: { decay: 0.9, warm_up: true } }
    const plan = { ...plain, ...adam('adam', {}), groups: [{ ...bias, frozen: 3 }], average }
    let step = 0
    const model = modelOf(plan, () => recorded.gradients[step] ?? { weight: [], bias: [] })
    const go = (learner: Learner, to: number) => {
      for (; step < to; step++) learner.accumulate(image, { step, epoch: step, rate: 0.01 }, true)
    }
    const whole = Learner.begin({ model, seed: 1 }, given)
    go(whole, 8)
    for (const stop of [2, 3, 5]) {
      step = 0
      const first = Learner.begin({ model, seed: 1 }, given)
      go(first, stop)
      const { beginning } = await import('../../runtime/training/train.js')
      const checkpoint = await first.checkpoint(beginning)
      first.dispose()
      const second = Learner.restore({ model, seed: 1 }, checkpoint, 'the checkpoint')
      go(second, 8)
      t.deepEqual(await second.checkpoint(beginning), await whole.checkpoint(beginning), `stopped after ${stop}`)
      second.dispose()
    }
    whole.dispose()
  },
)

test.serial('a gradient that is not finite moves nothing, and is named', async (t) => {
  let bad = false
  const model = modelOf(plain, () => ({ weight: [1, 2, 3, 4, 5, 6], bias: bad ? [1e38, 1e38] : [1, 1] }))
  const learner = Learner.begin({ model, seed: 1 }, given)
  learner.accumulate(image, { step: 0, epoch: 0, rate: 0.1 }, true)
  const before = await valuesOf(learner)
  bad = true
  const error = t.throws(() => learner.accumulate(image, { step: 1, epoch: 0, rate: 0.1 }, true), {
    instanceOf: NotFinite,
  })
  t.regex(error?.message ?? '', /too large for a number at step 2|is -?Infinity at step 2|is NaN at step 2/)
  t.deepEqual(await valuesOf(learner), before)
  learner.dispose()
})

const schedules: Readonly<Record<string, Setting>> = {
  constant: { name: 'constant', arguments: { warm_up: 2 } },
  staircase: { name: 'staircase', arguments: { factor: 0.9, every: 2, warm_up: 0 } },
  'staircase, warm-up': { name: 'staircase', arguments: { factor: 0.5, every: 2, warm_up: 3 } },
  step: { name: 'step', arguments: { at: [3, 7], factor: 0.1, warm_up: 0 } },
  cosine: { name: 'cosine', arguments: { floor: 0.1, warm_up: 0 } },
  'cosine, warm-up': { name: 'cosine', arguments: { floor: 0, warm_up: 2 } },
}

for (const [name, setting] of Object.entries(schedules))
  test(`rates as PyTorch's: ${name}`, (t) => {
    const { epochs, stepsPerEpoch } = recorded
    const schedule = makeSchedule(setting)
    const found = (recorded.rates[name] ?? []).map((_, step) => schedule(step / stepsPerEpoch, epochs))
    t.is(found.length, epochs * stepsPerEpoch)
    close(t, found, recorded.rates[name] ?? [], name)
  })

const losses = {
  plain: { smoothing: 0, weighted: false },
  smoothed: { smoothing: 0.1, weighted: false },
  weighted: { smoothing: 0, weighted: true },
  'weighted and smoothed': { smoothing: 0.2, weighted: true },
}

for (const [name, { smoothing, weighted }] of Object.entries(losses))
  test.serial(`cross-entropy as PyTorch's: ${name}`, (t) => {
    const logits = tf.tensor2d(recorded.logits, [5, 4])
    const label = tf.tensor1d(recorded.labels, 'int32')
    const classWeights = tf.tensor1d(recorded.classWeights)
    const at = Scope.of({ variables: new Map(), training: true, key: [], ...(weighted && { classWeights }) })
    const { value, grad } = tf.valueAndGrad((x) => crossEntropy(x as tf.Tensor2D, label, at, { smoothing }))(logits)
    const expected = recorded.losses[name]
    close(t, [...value.dataSync()], [expected?.loss ?? Number.NaN], 'loss')
    close(t, [...grad.dataSync()], expected?.gradient ?? [], 'gradient')
  })

test('balanced class weights give every class the same share', (t) => {
  const samples = (counts: readonly number[]) =>
    counts.flatMap((count, label) => Array.from({ length: count }, (_, i) => ({ path: `${label}/${i}`, label })))
  const counts = [1, 4, 10, 0]
  const data = {
    root: '',
    classes: ['a', 'b', 'c', 'd'],
    splits: { train: samples(counts), val: [], test: [] },
    notes: [],
  }
  close(t, [...balancedWeights(data)], [15 / 4, 15 / 16, 15 / 40, 1], 'weights')
})
