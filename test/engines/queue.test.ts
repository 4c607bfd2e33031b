import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { currentNativeBackend, type NativeBackend } from '../../runtime/engines/native_parts.js'
import { loadModel } from '../../runtime/generated/load.js'
import { onSideStream } from '../../runtime/kernels/native/execute.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'

/** The native engine enqueues calls whose output shapes are known. This must change nothing but the time. */

test.before(async () => {
  await openEngine('tfjs-node', silent)
})

function native(): NativeBackend {
  const backend = currentNativeBackend()
  if (!backend?.binding.setBlocking) throw new Error('wsban setup makes the engine that is tested here')
  return backend
}

async function trained(blocking: boolean): Promise<ReadonlyMap<string, Float32Array>> {
  const spec = join(packageRoot(), 'models', 'wsban_tiny.wsban')
  const { graph } = compileFile(spec, { classes: 5 })
  if (!graph) throw new Error(`${spec} does not compile`)
  const model = await loadModel(graph, spec)
  const learner = Learner.begin({ model, seed: 3 })
  const random = new Random(5)
  const { size } = model.image
  const images = Float32Array.from({ length: 4 * size * size * 3 }, () => random.uniform(-1, 1))
  native().binding.setBlocking?.(blocking)
  try {
    for (let step = 0; step < 4; step++)
      learner.accumulate({ images, labels: Int32Array.of(0, 1, 2, step) }, { step, epoch: 0, rate: 0.01 }, true)
    const weights = await learner.weights.read()
    return new Map([...weights].map(([name, { values }]) => [name, values]))
  } finally {
    native().binding.setBlocking?.(false)
    learner.dispose()
  }
}

test.serial('asynchronous training ends in the same bits as blocking training', async (t) => {
  const blocking = await trained(true)
  const queued = await trained(false)
  t.true(blocking.size > 50)
  for (const [name, values] of blocking) t.deepEqual(queued.get(name), values, name)
})

test.serial('the side stream computes the same values as the main stream', (t) => {
  const sum = () =>
    tf.tidy(() => {
      const x = tf.reshape<tf.Rank.R2>(tf.linspace(0, 1, 40_000), [200, 200])
      const side = onSideStream(() => tf.matMul(x, x, true))
      const main = tf.matMul(x, x)
      return [...tf.sub(side, tf.mul(main, tf.sum(side))).dataSync()]
    })
  const first = sum()
  t.deepEqual(sum(), first)
})

test.serial('JavaScript waits while many calls are pending, and memory is freed', (t) => {
  const before = native().binding.getNumOfTensors()
  const one = tf.scalar(1)
  let count = tf.scalar(0)
  for (let i = 0; i < 12_000; i++) {
    const more = tf.add(count, one)
    count.dispose()
    count = more as tf.Scalar
  }
  t.is(count.dataSync()[0], 12_000)
  tf.dispose([one, count])
  t.is(native().binding.getNumOfTensors(), before)
})

test.serial('an output whose size depends on values', (t) => {
  for (const threshold of [0.5, 2.5, 9]) {
    const places = tf.tidy(() => {
      const later = tf.add(tf.tensor1d([0, 1, 2, 3]), 0)
      const condition = tf.greater(later, threshold)
      return native().executeSingleOutput('Where', [], [condition])
    })
    t.deepEqual(places.shape, [Math.max(0, 3 - Math.floor(threshold)), 1])
    places.dispose()
  }
})

/** The kernel checks whether the indices are in range. */
function gather(values: tf.Tensor1D, indices: tf.Tensor): tf.Tensor {
  const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = native().binding
  const types = { Tparams: TF_FLOAT, Tindices: TF_INT32, Taxis: TF_INT32 }
  const attributes = Object.entries(types).map(([name, value]) => ({ name, type: TF_ATTR_TYPE, value }))
  return native().executeSingleOutput('GatherV2', attributes, [values, indices, tf.scalar(0, 'int32')])
}

test.serial('a failed call is reported, and calls after it are computed', (t) => {
  const values = tf.tensor1d([1, 2, 3])
  const shapes = t.throws(() => native().executeSingleOutput('BatchMatMulV2', [], [values, values]))
  t.regex(shapes?.message ?? '', /^BatchMatMulV2: In\[0\] ndims must be >= 2: 1/)
  t.deepEqual([...gather(values, tf.tensor1d([2, 0], 'int32')).dataSync()], [3, 1])
  // The shapes are cached, so this call is enqueued, and its error is thrown by a read or by the next call.
  const wrong = gather(values, tf.tensor1d([2, 7], 'int32'))
  t.deepEqual(wrong.shape, [2])
  t.throws(() => tf.add(wrong, 1).dataSync(), { message: 'indices[1] = 7 is not in [0, 3)' })
  t.deepEqual([...tf.add(values, 1).dataSync()], [2, 3, 4])
  t.deepEqual([...gather(values, tf.tensor1d([1, 1], 'int32')).dataSync()], [2, 2])
})

test.serial('a tensor of no bytes, and what is not a tensor', (t) => {
  const empty = tf.add(tf.zeros([0, 4]), 1)
  t.deepEqual([...empty.dataSync()], [])
  const { binding } = native()
  t.throws(() => binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array(3)), { message: /16 bytes/ })
  t.throws(() => binding.tensorDataSync(987_654), { message: /unknown tensor id 987654/ })
  t.throws(() => native().executeSingleOutput('NoSuchOperation', [], []), { message: /NoSuchOperation/ })
})
