import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

/** An attribute of a TensorFlow operation, in the form that the addon takes. */
export interface NativeAttribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** The part of the addon's interface that wsban uses. Only the addon that `wsban setup` compiles has the optional functions. */
export interface NativeBinding {
  /** Selects the stream of subsequent calls: the side stream, which uses idle cores, or the main stream. See `onSideStream`. */
  setSideStream?(sideStream: boolean): void
  /** Donates the first `count` inputs of the next call: TensorFlow may reuse their buffers, and they cannot be read afterwards. */
  donateInputs?(count: number): void
  /** Waits for all pending calls, and selects whether subsequent calls are computed before they return. */
  setBlocking?(blocking: boolean): void
  /** While enabled, a second SIGINT or SIGTERM ends the process immediately with exit code 130. Listeners must not change meanwhile. */
  exitOnRepeatedSignal?(enabled: boolean): void
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array | Uint8Array): number
  tensorDataSync(tensor: number): Float32Array | Int32Array | BigInt64Array | Uint8Array
  getNumOfTensors(): number
  readonly TF_Version: string
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
}

/** TensorFlow.js's native backend, which can execute every TensorFlow operation by name. */
export interface NativeBackend extends KernelBackend {
  readonly binding: NativeBinding
  readonly isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[]): Tensor
  executeMultipleOutputs(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[]
}

/** The name under which TensorFlow.js registers the native backend. */
export const nativeBackendName = 'tensorflow'

export function isNativeBackend(backend: unknown): backend is NativeBackend {
  return (
    typeof backend === 'object' &&
    backend !== null &&
    'executeSingleOutput' in backend &&
    'executeMultipleOutputs' in backend &&
    'binding' in backend
  )
}

/** Returns the native backend if it is the current one. */
export function currentNativeBackend(): NativeBackend | undefined {
  if (tf.getBackend() !== nativeBackendName) return undefined
  const backend: unknown = tf.backend()
  return isNativeBackend(backend) ? backend : undefined
}
