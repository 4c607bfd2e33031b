import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { openEngine } from '../../runtime/engines/index.js'
import { silent } from '../../runtime/reporter.js'
import { makeOptimizer } from '../../runtime/training/optimizers.js'
import { makeSchedule } from '../../runtime/training/schedules.js'

test.before(async () => {
  await openEngine('cpu', silent)
})

const gradients = [0.5, -1.25, 2, 0.125]

/** Runs the optimiser on one weight that begins at 1, with the gradients above. */
function run(setting: Parameters<typeof makeOptimizer>[0], rate: number): number[] {
  const optimizer = makeOptimizer(setting)
  const weight = tf.variable(tf.tensor1d([1]))
  const seen = gradients.map((gradient) => {
    optimizer.apply(new Map([['w', weight]]), new Map([['w', tf.tensor1d([gradient])]]), rate)
    return weight.dataSync()[0] ?? Number.NaN
  })
  optimizer.dispose()
  return seen
}

function close(
  t: { true: (value: boolean, message?: string) => unknown },
  found: readonly number[],
  expected: readonly number[],
) {
  for (const [index, value] of expected.entries())
    t.true(Math.abs(value - (found[index] ?? Number.NaN)) < 1e-6, `${found} against ${expected}`)
}

test('sgd is the formula of torch.optim.SGD', (t) => {
  const [momentum, decay, rate] = [0.9, 0.01, 0.1]
  let [weight, velocity] = [1, 0]
  const expected = gradients.map((gradient) => {
    velocity = momentum * velocity + gradient + decay * weight
    weight -= rate * velocity
    return weight
  })
  close(t, run({ name: 'sgd', arguments: { rate, momentum, weight_decay: decay } }, rate), expected)
})

test('adam is algorithm 1 of its paper', (t) => {
  const [beta1, beta2, eps, rate] = [0.9, 0.999, 1e-8, 0.01]
  let [weight, mean, square] = [1, 0, 0]
  const expected = gradients.map((gradient, index) => {
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient ** 2
    weight -= (rate * (mean / (1 - beta1 ** (index + 1)))) / (Math.sqrt(square / (1 - beta2 ** (index + 1))) + eps)
    return weight
  })
  close(t, run({ name: 'adam', arguments: { rate, beta1, beta2, eps, weight_decay: 0 } }, rate), expected)
})

test('schedules', (t) => {
  const staircase = makeSchedule({ name: 'staircase', arguments: { factor: 0.9, every: 2 } })
  close(
    t,
    [0, 1.9, 2, 3.5, 4].map((epoch) => staircase(epoch, 80)),
    [1, 1, 0.9, 0.9, 0.81],
  )
  const cosine = makeSchedule({ name: 'cosine', arguments: { floor: 0.1, warm_up: 2 } })
  close(
    t,
    [0, 1, 2, 6, 10].map((epoch) => cosine(epoch, 10)),
    [0, 0.5, 1, 0.55, 0.1],
  )
  t.is(makeSchedule({ name: 'constant', arguments: {} })(7, 10), 1)
})
