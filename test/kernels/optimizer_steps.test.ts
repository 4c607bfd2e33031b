import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import type { Setting } from '../../compiler/graph/graph.js'
import { keyOf, Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { makeOptimizer } from '../../runtime/training/optimizers.js'

const rate = 0.05
const decay = 0.01
/** Relative to the largest value: float32 against float64 over five steps. */
const tolerance = 1e-6

interface Reference {
  value: number
  [slot: string]: number
}

const [beta1, beta2] = [0.9, 0.999]

/** Each optimizer's update of one number in double precision; `step` counts from 1. */
const references: readonly {
  readonly setting: Setting
  readonly update: (state: Reference, gradient: number, step: number) => Reference
}[] = [
  {
    setting: { name: 'sgd', arguments: { momentum: 0.9 } },
    update: ({ value, velocity = 0 }, gradient) => {
      const next = 0.9 * velocity + gradient + decay * value
      return { value: value - rate * next, velocity: next }
    },
  },
  {
    setting: { name: 'adam', arguments: { beta1: 0.9, beta2: 0.999, eps: 1e-3 } },
    update: (state, gradient, step) => adam(state, gradient + decay * state.value, step),
  },
  {
    setting: { name: 'adamw', arguments: { beta1: 0.9, beta2: 0.999, eps: 1e-3 } },
    update: (state, gradient, step) => adam({ ...state, value: state.value * (1 - rate * decay) }, gradient, step),
  },
]

function adam({ value, mean = 0, square = 0 }: Reference, gradient: number, step: number): Reference {
  const [nextMean, nextSquare] = [beta1 * mean + (1 - beta1) * gradient, beta2 * square + (1 - beta2) * gradient ** 2]
  const root = Math.sqrt(nextSquare / (1 - beta2 ** step)) + 1e-3
  return { value: value - (rate * nextMean) / (1 - beta1 ** step) / root, mean: nextMean, square: nextSquare }
}

test.before(async () => {
  await openEngine('tfjs-node', silent)
})

for (const { setting, update } of references)
  test.serial(`the fused kernel of ${setting.name} updates weights of all shapes by its formula`, (t) => {
    const random = new Random(keyOf(7, setting.name))
    const numbers = (count: number) => Array.from({ length: count }, () => random.normal())
    const optimizer = makeOptimizer(setting)
    const weights = [[3, 3, 2, 5], [7], [4, 6]].map((shape, index) => {
      const values = numbers(tf.util.sizeFromShape(shape))
      const states = values.map((value): Reference => ({ value }))
      return { name: `w${index}`, states, weight: tf.variable(tf.tensor(values, shape)) }
    })
    const before = weights[0]?.weight.clone()
    const valuesBefore = before?.dataSync().slice()
    let tensors = 0
    for (let step = 1; step <= 5; step++) {
      const gradients = weights.map(({ states }) => numbers(states.length))
      tf.tidy(() => {
        optimizer.apply(
          weights.map(({ name, weight }, index) => {
            const gradient = tf.tensor(gradients[index] ?? [], weight.shape)
            return { name, weight, gradient, rate, decay }
          }),
        )
      })
      weights.forEach(({ name, states, weight }, index) => {
        gradients[index]?.forEach((gradient, at) => {
          states[at] = update(states[at] ?? { value: Number.NaN }, gradient, step)
        })
        const kept = new Map([...optimizer.slots].map(([slot, of]) => [slot, of.get(name)]))
        for (const [quantity, tensor] of new Map([...kept, ['value', weight]])) {
          const expected = states.map((state) => state[quantity] ?? Number.NaN)
          t.deepEqual(tensor?.shape, weight.shape)
          const off = Math.max(...(tensor?.dataSync() ?? []).map((value, at) => Math.abs(value - (expected[at] ?? 0))))
          const largest = Math.max(...expected.map(Math.abs))
          t.true(off <= tolerance * largest, `${quantity} of weight ${index}, step ${step}: ${off}`)
        }
      })
      if (step > 1) t.is(tf.memory().numTensors, tensors, 'a step leaks no tensor')
      tensors = tf.memory().numTensors
    }
    t.deepEqual(before?.dataSync(), valuesBefore, 'a clone of the weight keeps its values')
  })
