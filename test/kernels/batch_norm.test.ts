import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { batchNorm } from '../../runtime/kernels/index.js'
import { close, everywhere, floats, isHere, numbers } from './support.js'

const channels = 3

function running() {
  return {
    mean: tf.variable(tf.tensor1d([0.5, -0.2, 0.1]), false),
    variance: tf.variable(tf.tensor1d([1.5, 0.7, 2]), false),
  }
}

for (const training of [true, false])
  for (const shape of [
    [3, 4, 5, channels],
    [1, 3, 3, channels],
  ])
    test.serial(`batch norm of ${shape.join(' x ')}, ${training ? 'training' : 'inference'}`, (t) =>
      everywhere(t, {
        inputs: { x: shape, scale: [channels], offset: [channels] },
        compute({ x, scale, offset }) {
          const averages = running()
          const y = batchNorm(
            x as Tensor4D,
            { scale: scale as Tensor1D, offset: offset as Tensor1D, ...averages },
            { eps: 1e-3, momentum: 0.1, training },
          )
          averages.mean.dispose()
          averages.variance.dispose()
          return y
        },
        expected({ x, scale, offset }) {
          const numbersOf = x ?? new Float32Array()
          const statistics = Array.from({ length: channels }, (_, c) => {
            if (!training) return { mean: [0.5, -0.2, 0.1][c] ?? 0, variance: [1.5, 0.7, 2][c] ?? 0 }
            return momentsOf(numbersOf, c)
          })
          const value = Array.from(numbersOf, (number, i) => {
            const c = i % channels
            const { mean, variance } = statistics[c] ?? { mean: 0, variance: 1 }
            return ((number - mean) / Math.sqrt(variance + 1e-3)) * (scale?.[c] ?? 0) + (offset?.[c] ?? 0)
          })
          return { shape, value }
        },
        tolerance: 1e-3,
      }),
    )

for (const engine of ['tfjs-node', 'wasm', 'cpu'] as const)
  test.serial(`running statistics, ${engine}`, async (t) => {
    if (!(await isHere(engine))) {
      t.log(`skipped: ${engine} is not here`)
      return t.pass()
    }
    const averages = running()
    const shape: [number, number, number, number] = [2, 3, 2, channels]
    const values = numbers('x', 36)
    const scale = tf.variable(tf.ones([channels])) as tf.Variable<tf.Rank.R1>
    const offset = tf.variable(tf.zeros([channels])) as tf.Variable<tf.Rank.R1>
    const step = () => {
      const { value, grads } = tf.variableGrads(
        () =>
          tf.sum(
            tf.square(
              batchNorm(
                tf.tensor4d(values, shape),
                { scale, offset, ...averages },
                { eps: 1e-5, momentum: 0.1, training: true },
              ),
            ),
          ),
        [scale, offset],
      )
      tf.dispose([value, grads])
    }
    step()
    const before = tf.memory().numTensors
    step()
    t.is(tf.memory().numTensors, before, 'a step leaks no tensor')
    for (let c = 0; c < channels; c++) {
      const { mean, variance } = momentsOf(values, c)
      const unbiased = (variance * 12) / 11
      const after = (old: number, batch: number) => 0.9 * (0.9 * old + 0.1 * batch) + 0.1 * batch
      close(t, `mean of channel ${c}`, [floats(averages.mean)[c] ?? 0], [after([0.5, -0.2, 0.1][c] ?? 0, mean)], 1e-5)
      close(
        t,
        `variance of channel ${c}`,
        [floats(averages.variance)[c] ?? 0],
        [after([1.5, 0.7, 2][c] ?? 0, unbiased)],
        1e-5,
      )
    }
    tf.dispose([averages.mean, averages.variance, scale, offset])
  })

function momentsOf(values: Float32Array, channel: number): { mean: number; variance: number } {
  const own = values.filter((_, i) => i % channels === channel)
  const mean = own.reduce((sum, number) => sum + number, 0) / own.length
  return { mean, variance: own.reduce((sum, number) => sum + (number - mean) ** 2, 0) / own.length }
}
