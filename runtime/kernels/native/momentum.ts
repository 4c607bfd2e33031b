import * as tf from '@tensorflow/tfjs-core'
import type { NativeBackend } from '../../engines/native_parts.js'
import { attribute, native } from './execute.js'

/** What one weight learns with; `velocity` is used up. */
export interface MomentumStep {
  readonly weight: tf.Variable
  readonly velocity: tf.Variable
  readonly gradient: tf.Tensor
  readonly rate: number
  readonly momentum: number
}

/**
 * velocity = momentum * velocity + gradient; weight = weight - rate * velocity, by TensorFlow's own kernel, which goes over memory once:
 * as arithmetic on whole tensors it is four operations, each of which makes a tensor. (Sutskever et al. 2013, as torch.optim.SGD has it.)
 *
 * @returns the new velocity, in the old one's place
 */
export function momentumStep({ weight, velocity, gradient, rate, momentum }: MomentumStep): tf.Variable {
  const backend = native()
  const cells = cellsOf(backend)
  put(backend, cells.weight, weight)
  put(backend, cells.velocity, velocity)
  // A tensor that nobody else holds is changed where it lies. The weight's is held by its variable, and so is copied.
  velocity.dispose()
  backend.executeMultipleOutputs(
    'ResourceApplyMomentum',
    [attribute.type('T', 'float32'), attribute.flag('use_locking', false), attribute.flag('use_nesterov', false)],
    [cells.weight, cells.velocity, tf.scalar(rate), gradient, tf.scalar(momentum)],
    0,
  )
  weight.assign(take(backend, cells.weight))
  return tf.keep(tf.variable(take(backend, cells.velocity), false))
}

/** TensorFlow's variables, which its kernels change; each lends its place to one tensor after another. */
interface Cells {
  readonly weight: tf.Tensor
  readonly velocity: tf.Tensor
}

const cellsOfBackends = new WeakMap<NativeBackend, Cells>()

function cellsOf(backend: NativeBackend): Cells {
  const known = cellsOfBackends.get(backend)
  if (known) return known
  const made = { weight: cell(backend, 'weight'), velocity: cell(backend, 'velocity') }
  cellsOfBackends.set(backend, made)
  return made
}

function cell(backend: NativeBackend, name: string): tf.Tensor {
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

function put(backend: NativeBackend, cell: tf.Tensor, tensor: tf.Tensor): void {
  backend.executeMultipleOutputs('AssignVariableOp', [attribute.type('dtype', 'float32')], [cell, tensor], 0)
}

function take(backend: NativeBackend, cell: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput('ReadVariableOp', [attribute.type('dtype', 'float32')], [cell])
}
