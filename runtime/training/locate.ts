import * as tf from '@tensorflow/tfjs-core'
import type { Graph, Node } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import type { Batch } from '../data/batches.js'
import { loadModel } from '../generated/load.js'
import type { Model } from '../model.js'
import { Scope } from '../scope.js'
import { givenTensors } from './gradients.js'
import type { Learner, StepInfo } from './learner.js'

/** Where a value stopped being finite: the output of a node, or the gradient of its input. */
export interface BadPlace {
  readonly node: Node
  readonly of: 'value' | 'gradient'
}

/**
 * Returns the first binding whose value on this batch is not finite, in the order of computation; otherwise the first one, backward from the loss,
 * whose gradient is not. The model runs once more, with each node as a loss.
 */
export async function firstNotFinite(
  graph: Graph,
  entry: string,
  learner: Learner,
  batch: Pick<Batch, 'images' | 'labels' | 'targets'>,
  moment: StepInfo,
): Promise<BadPlace | undefined> {
  const training = specialise(graph, 'training')
  const nodes = training.nodes.filter(({ inputs, outputs }) => inputs.length > 0 && outputs[0]?.element === 'float')
  // As losses they may depend on the label.
  const losses = nodes.map(({ id }) => ({ name: tapName(id), value: { node: id, output: 0 } }))
  // Every node is looked at, those of frozen parts as well.
  const { cache: _, ...plan } = training.plan
  const model = await loadModel({ ...training, plan, losses }, entry)
  const lossIds = new Set(training.losses.map(({ value }) => value.node))
  let found: BadPlace | undefined
  tf.tidy(() => {
    const { values, gradients } = passes(model, nodes, lossIds, { learner, batch, moment })
    const bad = nodes.find((_, index) => !allFinite(values[index]))
    found = bad ? { node: bad, of: 'value' } : badGradient(nodes, gradients)
    tf.dispose(values)
  })
  return found
}

interface Around {
  readonly learner: Learner
  readonly batch: Pick<Batch, 'images' | 'views' | 'labels' | 'targets'>
  readonly moment: StepInfo
}

/** Each node's value, and the gradient of the losses' sum by it, where there is one. */
function passes(
  model: Model,
  nodes: readonly Node[],
  lossIds: ReadonlySet<number>,
  { learner, batch, moment }: Around,
) {
  const { size } = model.image
  const at = Scope.of({ variables: learner.variables, training: true, ...learner.runState(moment) })
  const images = tf.tensor4d(batch.images, [batch.labels.length, size, size, 3])
  const given = givenTensors(model, batch)
  const values: tf.Tensor[] = []
  // The engine reads this list when the function has run, so what the function makes can be in it.
  const sources: tf.Tensor[] = [images]
  const { grads } = tf.engine().gradients(
    () => {
      const taps = model.losses?.(at, model.forward(at, images, ...given), ...given, images) ?? {}
      for (const { id } of nodes) {
        const value = taps[tapName(id)]
        if (!value) throw new Error(`no value of node ${id}`)
        values.push(tf.keep(value))
      }
      sources.push(...values)
      return tf.addN(values.filter((_, index) => lossIds.has(nodes[index]?.id ?? -1)))
    },
    sources,
    undefined,
    true,
  )
  const gradients: readonly (tf.Tensor | undefined)[] = grads.slice(1)
  return { values, gradients }
}

/** Of the node that is nearest to the loss and has a bad gradient, the one that takes its value and has a good gradient itself. */
function badGradient(nodes: readonly Node[], gradients: readonly (tf.Tensor | undefined)[]): BadPlace | undefined {
  const finite = nodes.map((_, index) => allFinite(gradients[index]))
  const bad = nodes[finite.lastIndexOf(false)]
  if (!bad) return undefined
  const taking = nodes.findLast(
    ({ inputs }, index) => finite[index] === true && inputs.some(({ value }) => value.node === bad.id),
  )
  return { node: taking ?? bad, of: 'gradient' }
}

function allFinite(tensor: tf.Tensor | undefined): boolean {
  return tensor === undefined || tensor.dataSync().every(Number.isFinite)
}

const tapName = (id: number) => `tap${id}`
