import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import {
  currentNativeBackend,
  type NativeAttribute,
  type NativeBackend,
  nativeBackendName,
} from '../../engines/native_parts.js'
import type { Padding } from '../pad.js'
import type { SpatialPair } from '../pair.js'

/**
 * Kernels with custom gradients on the native backend. They are registered, not written with `tf.customGrad`, which computes the gradient of every
 * input: the first convolution of a network would compute the unused gradient of its image.
 */

type Attributes = Readonly<Record<string, unknown>>

export interface NativeKernel<Inputs extends Record<string, Tensor>, A extends Attributes> {
  readonly name: string
  /** The inputs that are saved for the gradient. */
  readonly savedInputs: readonly (keyof Inputs & string)[]
  /** Whether each output is saved for the gradient; none is by default. */
  readonly savedOutputs?: readonly boolean[]
  forward(
    inputs: { readonly [name in keyof Inputs]: TensorInfo },
    attributes: A,
    backend: NativeBackend,
  ): Tensor | Tensor[]
  /** @param saved the saved inputs, then the saved outputs */
  gradient(
    dy: readonly Tensor[],
    saved: readonly Tensor[],
    attributes: A,
  ): { readonly [name in keyof Inputs]?: () => Tensor }
}

/** Runs a registered kernel and returns its outputs. The native backend must be the current one and hold the inputs. */
export type RunNative<Inputs extends Record<string, Tensor>, A extends Attributes> = (
  inputs: Inputs,
  attributes: A,
) => Tensor[]

/** Registers a kernel and its gradient with TensorFlow.js. Returns the function that runs it. */
export function register<Inputs extends Record<string, Tensor>, A extends Attributes>(
  kernel: NativeKernel<Inputs, A>,
): RunNative<Inputs, A> {
  const kernelName = `Wsban${kernel.name}`
  // TensorFlow.js passes inputs and attributes through unchanged, so they have the types of the function below.
  tf.registerKernel({
    kernelName,
    backendName: nativeBackendName,
    kernelFunc: ({ inputs, attrs }) =>
      kernel.forward(inputs as { [name in keyof Inputs]: TensorInfo }, attrs as unknown as A, native()),
  })
  tf.registerGradient({
    kernelName,
    inputsToSave: [...kernel.savedInputs],
    outputsToSave: [...(kernel.savedOutputs ?? [])],
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

/** Returns the native backend. @throws Error if another backend is current */
export function native(): NativeBackend {
  const backend = currentNativeBackend()
  if (backend === undefined) throw new Error('the native engine is not the current one')
  return backend
}

/** Whether wsban's custom ops are available: the addon is the one that `wsban setup` compiles, and it computes on the CPU. */
export function hasCustomOps(): boolean {
  const backend = currentNativeBackend()
  return backend?.binding.setBlocking !== undefined && !backend.isUsingGpuDevice
}

/**
 * Runs `make` with its native calls on the side stream, which uses cores that the main stream leaves idle. This suits results that are not needed
 * soon, such as the gradient of a weight, which is not read before the update. The values are the same on either stream.
 */
export function onSideStream<T>(make: () => T): T {
  const { binding } = native()
  binding.setSideStream?.(true)
  try {
    return make()
  } finally {
    binding.setSideStream?.(false)
  }
}

/** Runs `call`, which makes one native call, with its first `count` inputs donated: see `NativeBinding.donateInputs`. */
export function donating<T>(count: number, call: () => T): T {
  const { binding } = native()
  binding.donateInputs?.(count)
  try {
    return call()
  } finally {
    // If the call was not made, its donation must not apply to the next call.
    binding.donateInputs?.(0)
  }
}

/**
 * Whether nothing but these variables holds their values, so that they may be donated. Tensors that share a buffer, as a reshaped one does,
 * would lose it.
 */
export function ownTheirValues(variables: readonly tf.Variable[]): boolean {
  return variables.every(({ dataId }) => native().refCount(dataId) === 1)
}

/** Makes attributes of a TensorFlow operation, by their type. */
export const attribute = {
  float: (name: string, value: number): NativeAttribute => ({ name, type: native().binding.TF_ATTR_FLOAT, value }),
  flag: (name: string, value: boolean): NativeAttribute => ({ name, type: native().binding.TF_ATTR_BOOL, value }),
  int: (name: string, value: number): NativeAttribute => ({ name, type: native().binding.TF_ATTR_INT, value }),
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

export type PaddingMode = 'SAME' | 'VALID' | 'EXPLICIT'

export function paddingMode({ top, bottom, left, right }: Padding): PaddingMode {
  return top === 0 && bottom === 0 && left === 0 && right === 0 ? 'VALID' : 'EXPLICIT'
}

/** The attributes that TensorFlow's sliding-window operations on NHWC maps share: type, strides, padding. */
export function windowAttributes(
  stride: SpatialPair,
  padding: Padding,
  mode = paddingMode(padding),
): NativeAttribute[] {
  const { top, bottom, left, right } = padding
  return [
    attribute.type('T', 'float32'),
    attribute.ints('strides', [1, stride[0], stride[1], 1]),
    attribute.text('padding', mode),
    attribute.text('data_format', 'NHWC'),
    ...(mode === 'EXPLICIT' ? [attribute.ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0])] : []),
  ]
}

/** The attributes of a window in wsban's custom ops, which need the padding above and on the left only. */
export function customWindow(
  kernel: readonly [number, number],
  stride: SpatialPair,
  { top, left }: Padding,
): NativeAttribute[] {
  return [attribute.ints('kernel', kernel), attribute.ints('stride', stride), attribute.ints('padding', [top, left])]
}

export function shapeTensor(shape: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...shape], 'int32')
}
