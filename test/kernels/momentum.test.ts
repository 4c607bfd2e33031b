import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { keyOf, Random } from '../../runtime/random.js'
import { silent } from '../../runtime/reporter.js'
import { makeOptimizer } from '../../runtime/training/optimizers.js'

const rate = 0.05
const momentum = 0.9
const decay = 0.01
/** Relative to the largest value: float32 against float64 over five steps. */
const tolerance = 1e-6

test.before(async () => {
  await openEngine('tfjs-node', silent)
})

test('momentum as one kernel moves weights as the formula does, and shapes do not mix', (t) => {
  const random = new Random(keyOf(7, 'momentum'))
  const numbers = (count: number) => Array.from({ length: count }, () => random.normal())
  const optimizer = makeOptimizer({ name: 'sgd', arguments: { momentum } })
  const weights = [[3, 3, 2, 5], [7], [4, 6]].map((shape, index) => {
    const values = numbers(tf.util.sizeFromShape(shape))
    return { name: `w${index}`, values, velocity: values.map(() => 0), weight: tf.variable(tf.tensor(values, shape)) }
  })
  const first = weights[0]?.weight
  const before = first?.clone()
  const valuesBefore = before?.dataSync().slice()
  let tensors = 0
  for (let step = 0; step < 5; step++) {
    const slopes = weights.map(({ values }) => numbers(values.length))
    tf.tidy(() => {
      optimizer.apply(
        weights.map(({ name, weight }, index) => ({
          name,
          weight,
          gradient: tf.tensor(slopes[index] ?? [], weight.shape),
          rate,
          decay,
        })),
      )
    })
    weights.forEach(({ values, velocity, weight }, index) => {
      slopes[index]?.forEach((slope, at) => {
        const value = values[at] ?? 0
        velocity[at] = momentum * (velocity[at] ?? 0) + slope + decay * value
        values[at] = value - rate * (velocity[at] ?? 0)
      })
      const largest = Math.max(...values.map(Math.abs))
      const off = Math.max(...weight.dataSync().map((value, at) => Math.abs(value - (values[at] ?? 0))))
      t.true(off <= tolerance * largest, `weight ${index}, step ${step}: ${off}`)
      const kept = optimizer.slots.get('velocity')?.get(`w${index}`)
      t.deepEqual(kept?.shape, weight.shape)
      const offVelocity = Math.max(
        ...(kept?.dataSync() ?? []).map((value, at) => Math.abs(value - (velocity[at] ?? 0))),
      )
      t.true(offVelocity <= tolerance * Math.max(...velocity.map(Math.abs)), `velocity ${index}, step ${step}`)
    })
    if (step > 0) t.is(tf.memory().numTensors, tensors, 'no tensor is left by a step')
    tensors = tf.memory().numTensors
  }
  t.deepEqual(before?.dataSync(), valuesBefore, 'who holds the weight from before still has its values')
})
