import * as tf from '@tensorflow/tfjs-core'
import type { StepWatch } from '../scope.js'

type TapeNode = ReturnType<typeof tf.engine>['state']['activeTape'][number]

/**
 * The value of a function and its gradients with respect to variables: what `tf.variableGrads` computes, in less memory. `tf.variableGrads` holds
 * every gradient and saved tensor until the end; here each is disposed of as soon as the last backward step that reads it is done. `watch` is called
 * before each step. A variable that the value does not depend on has no gradient. The results belong to the caller's tidy.
 */
export function gradientsOf(
  compute: () => tf.Scalar,
  variables: readonly tf.Variable[],
  watch?: Pick<StepWatch, 'back'>,
): { value: tf.Scalar; gradients: ReadonlyMap<tf.Variable, tf.Tensor> } {
  const { value, tape } = record(compute)
  const gradients = new Map<number, tf.Tensor>([[value.id, tf.onesLike(value)]])
  const learned = new Set(variables.map(({ id }) => id))
  const moved = dependents(tape, learned)
  for (const [entry, node] of [...tape.entries()].reverse()) {
    watch?.back(entry)
    stepBack(node, gradients, moved)
    for (const { id } of node.outputs) if (id !== value.id) release(gradients, id)
    tf.dispose(node.saved ?? [])
  }
  release(gradients, value.id)
  return {
    value,
    gradients: new Map(
      variables.flatMap((variable) => {
        const gradient = gradients.get(variable.id)
        return gradient ? [[variable, gradient] as const] : []
      }),
    ),
  }
}

function record(compute: () => tf.Scalar): { value: tf.Scalar; tape: TapeNode[] } {
  const { state } = tf.engine()
  if (state.gradientDepth > 0) throw new Error('gradients of gradients are not computed here')
  state.activeTape = []
  state.gradientDepth++
  try {
    const value = tf.tidy(compute)
    return { value, tape: state.activeTape }
  } catch (error) {
    for (const { saved } of state.activeTape) tf.dispose(saved ?? [])
    throw error
  } finally {
    state.gradientDepth--
    state.activeTape = []
  }
}

/** The variables and everything computed from them. */
function dependents(tape: readonly TapeNode[], learned: ReadonlySet<number>): ReadonlySet<number> {
  const found = new Set(learned)
  for (const { inputs, outputs } of tape)
    if (Object.values(inputs).some(({ id }) => found.has(id))) for (const { id } of outputs) found.add(id)
  return found
}

/** Computes the gradients of a node's inputs from those of its outputs. */
function stepBack(node: TapeNode, gradients: Map<number, tf.Tensor>, moved: ReadonlySet<number>): void {
  const inputs = Object.entries(node.inputs).filter(([, { id }]) => moved.has(id))
  const given = node.outputs.map(({ id }) => gradients.get(id))
  if (inputs.length === 0 || given.every((gradient) => gradient === undefined)) return
  const { gradient } = node
  if (!gradient) throw new Error(`${node.kernelName} has no gradient`)
  const slopes = tf.tidy(() => {
    // As in TensorFlow.js, a tensor that the value does not depend on has no gradient, rather than zeros.
    const byInput = gradient(given as tf.Tensor[])
    return inputs.map(([name, input]) => {
      const slope = byInput[name]
      if (!slope) throw new Error(`${node.kernelName} has no gradient for its input ${name}`)
      const found = slope()
      if (found.shape.join() !== input.shape.join())
        throw new Error(`${node.kernelName}'s gradient for ${name} is [${found.shape}] instead of [${input.shape}]`)
      // Whoever hands a tensor through shares it with what is let go next.
      return tf.clone(found)
    })
  })
  for (const [index, [, { id }]] of inputs.entries()) add(gradients, id, slopes[index] as tf.Tensor)
}

function add(gradients: Map<number, tf.Tensor>, id: number, slope: tf.Tensor): void {
  const before = gradients.get(id)
  if (!before) {
    gradients.set(id, slope)
    return
  }
  gradients.set(id, tf.add(before, slope))
  tf.dispose([before, slope])
}

function release(gradients: Map<number, tf.Tensor>, id: number): void {
  gradients.get(id)?.dispose()
  gradients.delete(id)
}
