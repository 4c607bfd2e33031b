import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import type { Graph } from '../../compiler/graph/graph.js'
import { withoutLosses } from '../../compiler/graph/phase.js'
import { openEngine } from '../../runtime/engines/index.js'
import { loadModel } from '../../runtime/generated/load.js'
import { silent } from '../../runtime/reporter.js'
import { Scope } from '../../runtime/scope.js'
import { WeightStore } from '../../runtime/weights/store.js'
import { isHere } from '../kernels/support.js'
import { cascadeGraph, cascades, imageSize, medianConfidence, noise, withSure } from '../support/cascades.js'

/** Returns the answers of a model by name, of images of noise. */
async function answersOf(graph: Graph, images: number): Promise<Record<string, readonly number[]>> {
  const model = await loadModel(graph, 'staged.wsban')
  const weights = WeightStore.initial(model.parameters, 1)
  const { logits, ...others } = tf.tidy(() => {
    const at = Scope.of({ variables: weights.variables, training: false, key: [] })
    const image = tf.transpose(tf.tensor4d(noise(images), [images, 3, imageSize, imageSize]), [0, 2, 3, 1])
    return model.forward(at, image as tf.Tensor4D).answers
  })
  const named = Object.entries({ ...others, 'logits/master': logits.master })
  const read = named.flatMap(([name, value]) =>
    value instanceof tf.Tensor ? [[name, Array.from(value.dataSync())] as const] : [],
  )
  tf.dispose([logits, others])
  weights.dispose()
  return Object.fromEntries(read)
}

for (const engine of ['tfjs-node', 'wasm', 'cpu'] as const)
  test.serial(`${engine}: prediction skips second predictions and returns what training computes`, async (t) => {
    if (!(await isHere(engine))) {
      t.log(`skipped: ${engine} is not on this machine (wsban setup gets it)`)
      t.pass()
      return
    }
    await openEngine(engine, silent)
    for (const [name, prediction] of Object.entries(cascades)) {
      const graph = cascadeGraph(prediction)
      const logits = (await answersOf(graph, 4))['logits/master'] ?? []
      const early = new Set<number>()
      for (const sure of [0, medianConfidence(logits), 1])
        for (const images of [1, 4]) {
          const both = withSure(graph, sure)
          const [expected, found] = [await answersOf(both, images), await answersOf(withoutLosses(both), images)]
          for (const [output, values] of Object.entries(expected)) {
            if (found[output] === undefined && output.startsWith('logits/')) continue
            t.is(found[output]?.length, values.length, `${name}: ${output}`)
            for (const [index, value] of values.entries())
              t.true(Math.abs((found[output]?.[index] ?? Number.NaN) - value) <= 1e-6, `${name}: ${output} ${index}`)
          }
          if (images === 4) early.add((expected.early ?? []).reduce((sum, one) => sum + one, 0))
        }
      t.deepEqual([...early], [4, 2, 0], name)
    }
  })
