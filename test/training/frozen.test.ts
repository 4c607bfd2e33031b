import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'

const path = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const random = new Random(4)
const batch = {
  images: Float32Array.from({ length: 4 * 48 * 48 * 3 }, () => random.uniform(-1, 1)),
  labels: Int32Array.of(0, 1, 2, 0),
}

async function learnerWith(...train: readonly string[]): Promise<Learner> {
  const { graph, stored, diagnostics } = compileFile(path, { classes: 3, size: 48 }, train)
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join())
  return Learner.begin({ model: await loadModel(graph, stored.entry), seed: 1 })
}

/** Names of the parameters that a step changes. */
async function changedBy(learner: Learner, epoch: number): Promise<string[]> {
  const before = await learner.weights.read()
  learner.accumulate(batch, { step: 0, epoch, rate: 0.01 }, true)
  const after = await learner.weights.read()
  return [...after]
    .filter(([name, { values }]) => values.some((value, i) => value !== before.get(name)?.values[i]))
    .map(([name]) => name)
}

test.before(async () => {
  await openEngine(undefined, silent)
})

test.serial('a frozen part keeps weights and statistics, and learns when its time has come', async (t) => {
  const group = 'backbone=group(master.trunk, frozen=2)'
  const frozen = await changedBy(await learnerWith(group), 1.99)
  t.true(frozen.length > 0)
  t.deepEqual(
    frozen.filter((name) => name.startsWith('master.trunk.')),
    [],
  )
  const learning = await changedBy(await learnerWith(group), 2)
  t.true(learning.some((name) => name.startsWith('master.trunk.') && name.endsWith('running_mean')))
  t.deepEqual(learning, await changedBy(await learnerWith(), 0))
})

test.serial('a group within a frozen one learns, with the statistics of its batch norms', async (t) => {
  const groups = ['backbone=group(master.trunk, frozen=2)', 'last=group(master.trunk.layer3, frozen=1)']
  const changed = async (epoch: number) =>
    (await changedBy(await learnerWith(...groups), epoch)).filter((name) => name.startsWith('master.trunk.'))
  t.deepEqual(await changed(0.5), [])
  const inside = await changed(1.5)
  t.true(inside.every((name) => name.startsWith('master.trunk.layer3.')))
  t.true(inside.some((name) => name.endsWith('running_mean')) && inside.some((name) => name.endsWith('weight')))
})

test.serial('freezing everything is reported', async (t) => {
  const learner = await learnerWith('all=group(master, frozen=1)')
  t.throws(() => learner.accumulate(batch, { step: 0, epoch: 0.5, rate: 0.01 }, true), {
    message: /every weight is frozen in epoch 1/,
  })
  learner.dispose()
})

test.serial('a step leaves no tensor behind, with everything in the train block', async (t) => {
  const learner = await learnerWith(
    'clip=1',
    'accumulate=2',
    'average=ema',
    'optimizer=adamw(weight_decay=0.1)',
    'backbone=group(master.trunk, rate=0.1, frozen=1)',
  )
  const step = (number: number) => {
    for (const last of [false, true]) learner.accumulate(batch, { step: number, epoch: number / 2, rate: 0.001 }, last)
  }
  // Slots come with the first step of each weight.
  for (const number of [0, 1, 2]) step(number)
  const { numTensors } = tf.memory()
  for (const number of [3, 4, 5]) step(number)
  t.is(tf.memory().numTensors, numTensors)
  learner.dispose()
})
