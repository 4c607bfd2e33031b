import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { Random } from '../../compiler/random.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { gradientsOf } from '../../runtime/training/backward.js'
import { Learner } from '../../runtime/training/learner.js'
import { WeightStore } from '../../runtime/weights/store.js'

test.before(async () => {
  await openEngine(undefined, silent)
})

async function subject(name: string) {
  const path = join(packageRoot(), 'models', `${name}.wsban`)
  const { graph } = compileFile(path)
  if (!graph) throw new Error('the model does not compile')
  const model = await loadModel(graph, path)
  const { size } = model.image
  const random = new Random(1)
  const images = Float32Array.from({ length: 2 * size * size * 3 }, () => random.uniform(-1, 1))
  return { model, images, labels: Int32Array.from([0, 1]) }
}

for (const name of ['wsban_tiny', 'wsdan_tiny', 'tasn_tiny'])
  test.serial(`${name}: gradients are those of tf.variableGrads, bit for bit, and nothing is left over`, async (t) => {
    const { model, images, labels } = await subject(name)
    const weights = WeightStore.initial(model.parameters, 1)
    const { size } = model.image
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const compute = () => {
        const at = Scope.of({ variables: weights.variables, training: true, key: [1] })
        const batch = tf.tensor4d(images, [2, size, size, 3])
        const parts = model.losses?.(at, model.forward(at, batch), tf.tensor1d(labels, 'int32'), batch) ?? {}
        return tf.addN<tf.Scalar>(Object.values(parts))
      }
      const variables = weights.parameters
        .filter(({ trainable }) => trainable)
        .flatMap((parameter) => weights.variables.get(parameter.name) ?? [])
      const kept = new Map([...weights.variables].map(([key, variable]) => [key, tf.clone(variable)]))
      const theirs = tf.variableGrads(compute, [...variables])
      // The first pass moved averages and centres.
      for (const [key, variable] of weights.variables) variable.assign(kept.get(key) as tf.Tensor)
      const ours = gradientsOf(compute, variables)
      t.is(ours.value.dataSync()[0], theirs.value.dataSync()[0])
      for (const variable of variables)
        t.deepEqual(ours.gradients.get(variable)?.dataSync(), theirs.grads[variable.name]?.dataSync(), variable.name)
    })
    t.is(tf.memory().numTensors, before)
    weights.dispose()
  })

test.serial('a step leaves no tensor behind', async (t) => {
  const { model, images, labels } = await subject('wsban_tiny')
  const learner = Learner.begin({ model, seed: 1 })
  const counts = [0, 1, 2, 3].map((step) => {
    learner.accumulate({ images, labels }, { step, epoch: 0, rate: 0.001 }, true)
    return tf.memory().numTensors
  })
  // The first step makes what the optimizer remembers.
  t.is(new Set(counts).size, 1, counts.join())
  learner.dispose()
})

test.serial('a function that fails leaves no recording behind', (t) => {
  const variable = tf.variable(tf.scalar(2))
  t.throws(() => gradientsOf(() => tf.reshape<tf.Rank.R0>(tf.square(variable), [3]), [variable]))
  const { value, gradients } = gradientsOf(() => tf.square(variable), [variable])
  t.deepEqual([...(gradients.get(variable)?.dataSync() ?? [])], [4])
  tf.dispose([value, ...gradients.values()])
  variable.dispose()
})
