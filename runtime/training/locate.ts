import * as tf from '@tensorflow/tfjs-core'
import type { Graph, Node } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import type { Batch } from '../data/batches.js'
import { loadModel } from '../generated/load.js'
import { Scope } from '../scope.js'
import type { Learner, Moment } from './learner.js'

/**
 * The first binding, in the order of computation, whose value on this batch is not finite: the model runs once more, with each of its
 * nodes as a loss. Undefined when all values are finite, so that it is a gradient that went bad.
 */
export async function firstNotFinite(
  graph: Graph,
  entry: string,
  learner: Learner,
  batch: Pick<Batch, 'images' | 'labels'>,
  moment: Moment,
): Promise<Node | undefined> {
  const training = specialise(graph, 'training')
  const nodes = training.nodes.filter(({ inputs, outputs }) => inputs.length > 0 && outputs[0]?.element === 'float')
  // As losses they may depend on the label.
  const losses = nodes.map(({ id }, index) => ({ name: tapName(index), value: { node: id, output: 0 } }))
  const model = await loadModel({ ...training, losses }, entry)
  let found: Node | undefined
  tf.tidy(() => {
    const { size } = model.image
    const at = Scope.of({ variables: learner.variables, training: true, ...learner.around(moment) })
    const images = tf.tensor4d(batch.images, [batch.labels.length, size, size, 3])
    const values = model.losses?.(at, model.forward(at, images), tf.tensor1d(batch.labels, 'int32'), images) ?? {}
    found = nodes.find((_, index) => !values[tapName(index)]?.dataSync().every(Number.isFinite))
  })
  return found
}

const tapName = (index: number) => `tap${index}`
