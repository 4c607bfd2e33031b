import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import {
  currentNativeBackend,
  type NativeAttribute,
  type NativeBackend,
  nativeBackendName,
} from '../../engines/native_parts.js'
import type { Border } from '../pad.js'
import type { Both } from '../pair.js'

/**
 * Operations of our own on the native backend. They are registered as kernels with gradients, not written with `tf.customGrad`:
 * that one computes the gradient of every input, and the first convolution of a network would compute its image's for nothing.
 */

type Attributes = Readonly<Record<string, unknown>>

export interface NativeKernel<Inputs extends Record<string, Tensor>, A extends Attributes> {
  readonly name: string
  /** The inputs that the gradient needs again. */
  readonly keepsInputs: readonly (keyof Inputs & string)[]
  /** Which of the outputs the gradient needs again. */
  readonly keepsOutputs?: readonly boolean[]
  forward(
    inputs: { readonly [name in keyof Inputs]: TensorInfo },
    attributes: A,
    backend: NativeBackend,
  ): Tensor | Tensor[]
  /** @param saved the kept inputs, then the kept outputs */
  gradient(
    dy: readonly Tensor[],
    saved: readonly Tensor[],
    attributes: A,
  ): { readonly [name in keyof Inputs]?: () => Tensor }
}

/** Runs a kernel that `register` gave. Its inputs must be tensors of the native backend's, which must be the current one. */
export type RunNative<Inputs extends Record<string, Tensor>, A extends Attributes> = (
  inputs: Inputs,
  attributes: A,
) => Tensor[]

export function register<Inputs extends Record<string, Tensor>, A extends Attributes>(
  kernel: NativeKernel<Inputs, A>,
): RunNative<Inputs, A> {
  const kernelName = `Wsban${kernel.name}`
  // TensorFlow.js hands inputs and attributes through unseen: they are what the function below was called with.
  tf.registerKernel({
    kernelName,
    backendName: nativeBackendName,
    kernelFunc: ({ inputs, attrs }) =>
      kernel.forward(inputs as { [name in keyof Inputs]: TensorInfo }, attrs as unknown as A, native()),
  })
  tf.registerGradient({
    kernelName,
    inputsToSave: [...kernel.keepsInputs],
    outputsToSave: [...(kernel.keepsOutputs ?? [])],
    gradFunc: (dy, saved, attrs) => {
      const all = Array.isArray(dy) ? dy : [dy]
      return kernel.gradient(all, saved, attrs as unknown as A) as Record<string, () => Tensor>
    },
  })
  return (inputs, attributes) => {
    const result: Tensor | Tensor[] = tf
      .engine()
      .runKernel(kernelName, inputs, attributes as unknown as tf.NamedAttrMap)
    return Array.isArray(result) ? result : [result]
  }
}

/** Whether the native engine is the current one. */
export function isNative(): boolean {
  return tf.getBackend() === nativeBackendName
}

export function native(): NativeBackend {
  const backend = currentNativeBackend()
  if (backend === undefined) throw new Error('the native engine is not the current one')
  return backend
}

/** Whether the addon is our own, with operations that TensorFlow does not have. They compute on processors alone. */
export function hasOwnOperations(): boolean {
  const backend = currentNativeBackend()
  return backend?.binding.setAtOnce !== undefined && !backend.isUsingGpuDevice
}

/**
 * What `make` calls is computed beside everything else, on cores that are idle there: for results that are not needed soon, as a weight's gradient is
 * not needed before the weights move. Values do not change with it.
 */
export function aside<T>(make: () => T): T {
  const { binding } = native()
  binding.setAside?.(true)
  try {
    return make()
  } finally {
    binding.setAside?.(false)
  }
}

/** Attributes of a TensorFlow operation, by their kind. */
export const attribute = {
  float: (name: string, value: number): NativeAttribute => ({ name, type: native().binding.TF_ATTR_FLOAT, value }),
  flag: (name: string, value: boolean): NativeAttribute => ({ name, type: native().binding.TF_ATTR_BOOL, value }),
  ints: (name: string, value: readonly number[]): NativeAttribute => ({
    name,
    type: native().binding.TF_ATTR_INT,
    value: [...value],
  }),
  text: (name: string, value: string): NativeAttribute => ({ name, type: native().binding.TF_ATTR_STRING, value }),
  type: (name: string, dtype: 'float32' | 'int32'): NativeAttribute => ({
    name,
    type: native().binding.TF_ATTR_TYPE,
    value: dtype === 'float32' ? native().binding.TF_FLOAT : native().binding.TF_INT32,
  }),
}

export type Padding = 'SAME' | 'VALID' | 'EXPLICIT'

export function paddingOf({ top, bottom, left, right }: Border): Padding {
  return top === 0 && bottom === 0 && left === 0 && right === 0 ? 'VALID' : 'EXPLICIT'
}

/** Attributes common to TensorFlow's sliding windows over NHWC maps: type, strides, padding. */
export function windowAttributes(stride: Both, border: Border, padding = paddingOf(border)): NativeAttribute[] {
  const { top, bottom, left, right } = border
  return [
    attribute.type('T', 'float32'),
    attribute.ints('strides', [1, stride[0], stride[1], 1]),
    attribute.text('padding', padding),
    attribute.text('data_format', 'NHWC'),
    ...(padding === 'EXPLICIT' ? [attribute.ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0])] : []),
  ]
}

export function sizesTensor(sizes: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...sizes], 'int32')
}
