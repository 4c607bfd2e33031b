import * as tf from '@tensorflow/tfjs-core'
import type { NativeBackend } from '../../engines/native_parts.js'
import { attribute, native } from './execute.js'

/** What one weight learns with; the slots are what an optimiser remembers of it, and are used up. */
interface Learning {
  readonly weight: tf.Variable
  readonly slots: readonly tf.Variable[]
}

/** A kernel that changes TensorFlow's own variables, of which there is one for the weight and one for each slot. */
export interface Change {
  readonly kernel: string
  /** All flags that it has; none is set. */
  readonly flags: readonly string[]
  inputs(weight: tf.Tensor, ...slots: tf.Tensor[]): readonly tf.Tensor[]
}

/**
 * Runs kernels that change a weight and its slots where they lie. Such a kernel goes over memory once; as arithmetic on whole tensors an
 * optimiser's step is several operations, each of which makes a tensor.
 *
 * @returns the new slots, in the old ones' places
 */
export function applyInPlace({ weight, slots }: Learning, changes: readonly Change[]): tf.Variable[] {
  const backend = native()
  const place = (tensor: tf.Tensor, index: number) => {
    const variable = variableOf(backend, index)
    put(backend, variable, tensor)
    return variable
  }
  const ofWeight = place(weight, 0)
  const ofSlots = slots.map((slot, index) => place(slot, index + 1))
  // A tensor that nobody else holds is changed where it lies. The weight's is held by its variable, and so is copied.
  for (const slot of slots) slot.dispose()
  for (const { kernel, flags, inputs } of changes) {
    const attributes = [attribute.type('T', 'float32'), ...flags.map((flag) => attribute.flag(flag, false))]
    backend.executeMultipleOutputs(kernel, attributes, [...inputs(ofWeight, ...ofSlots)], 0)
  }
  weight.assign(take(backend, ofWeight))
  return ofSlots.map((variable) => tf.keep(tf.variable(take(backend, variable), false)))
}

/** TensorFlow's variables, by their place among what a kernel changes; each lends its place to one tensor after another. */
const variablesOfBackends = new WeakMap<NativeBackend, tf.Tensor[]>()

function variableOf(backend: NativeBackend, index: number): tf.Tensor {
  const known = variablesOfBackends.get(backend) ?? []
  variablesOfBackends.set(backend, known)
  known[index] ??= makeVariable(backend, `place_${index}`)
  return known[index]
}

function makeVariable(backend: NativeBackend, name: string): tf.Tensor {
  // The shape is a hint only: what is put in has its own.
  const shape = { name: 'shape', type: backend.binding.TF_ATTR_SHAPE, value: [] }
  const attributes = [
    attribute.text('container', ''),
    attribute.text('shared_name', `wsban/${name}`),
    attribute.type('dtype', 'float32'),
    shape,
  ]
  return tf.keep(backend.executeSingleOutput('VarHandleOp', attributes, []))
}

function put(backend: NativeBackend, variable: tf.Tensor, tensor: tf.Tensor): void {
  backend.executeMultipleOutputs('AssignVariableOp', [attribute.type('dtype', 'float32')], [variable, tensor], 0)
}

function take(backend: NativeBackend, variable: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput('ReadVariableOp', [attribute.type('dtype', 'float32')], [variable])
}
