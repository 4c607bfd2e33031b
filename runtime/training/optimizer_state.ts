import * as tf from '@tensorflow/tfjs-core'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import type { Checkpoint } from '../runs/checkpoint.js'
import { permutedShape, permuteValues } from '../weights/layout.js'
import { readCanonical } from '../weights/store.js'
import type { StoredTensor } from '../weights/weight_file.js'
import type { Optimizer } from './optimizers.js'

/** The optimizer state by slot and parameter, in PyTorch's shapes: `velocity/master.logits.weight`. */
export async function readOptimizerState(model: Model, optimizer: Optimizer): Promise<Map<string, StoredTensor>> {
  const slots = new Map<string, StoredTensor>()
  for (const [slot, variables] of optimizer.slots)
    for (const parameter of model.parameters) {
      const variable = variables.get(parameter.name)
      if (variable)
        slots.set(`${slot}/${parameter.name}`, {
          shape: parameter.shape,
          values: await readCanonical(variable, parameter),
        })
    }
  return slots
}

/** Restores the optimizer state of a checkpoint. @throws Failure `run-unreadable` */
export function restoreOptimizerState(model: Model, optimizer: Optimizer, { slots, state }: Checkpoint): void {
  const parameters = new Map(model.parameters.map((parameter) => [parameter.name, parameter]))
  for (const [key, { values, shape }] of slots) {
    const slash = key.indexOf('/')
    const variables = optimizer.slots.get(key.slice(0, slash))
    const parameter = parameters.get(key.slice(slash + 1))
    // The learner restores weights that have a moving average.
    if (key.startsWith('weight/') && parameter) continue
    if (!parameter || !variables)
      throw new Failure({
        code: 'run-unreadable',
        message: `the checkpoint has optimizer state ${key} that the spec does not know`,
        help: 'resume with the spec and the optimizer of the run',
      })
    const { layout } = parameter
    const initial = tf.tensor(
      layout ? permuteValues(values, shape, layout) : values,
      layout ? permutedShape(shape, layout) : [...shape],
    )
    variables.set(parameter.name, tf.variable(initial, false))
    initial.dispose()
  }
  optimizer.steps = state.optimizerSteps
  for (const [name, steps] of Object.entries(state.began)) optimizer.began.set(name, steps)
}
