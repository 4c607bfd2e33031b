import { createRequire } from 'node:module'
import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

/** A TensorFlow operation's attribute, as the addon takes it. */
export interface NativeAttribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** The parts of the addon that our kernels use: constants, and functions that only our own addon has (a separately installed package brings its own addon). */
export interface NativeBinding {
  /** Whether calls from now on are computed beside the others, wherever a core is idle. See `aside`. */
  setAside?(aside: boolean): void
  /** The next call has the last use of its first so many inputs: TensorFlow may write over them, and they cannot be read afterwards. */
  giveUpInputs?(count: number): void
  /** Waits for all calls; and whether calls from now on are computed before they return. */
  setAtOnce?(atOnce: boolean): void
  /** While on, a second SIGINT or SIGTERM ends the process at once with exit code 130. Listeners must not change meanwhile. */
  exitOnRepeatedSignal?(on: boolean): void
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

/** TensorFlow.js's native backend, which runs each of TensorFlow's operations by its name. */
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

/** The name TensorFlow.js knows the native backend by. */
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

/** The native backend when it is the current one. */
export function currentNativeBackend(): NativeBackend | undefined {
  if (tf.getBackend() !== nativeBackendName) return undefined
  const backend: unknown = tf.backend()
  return isNativeBackend(backend) ? backend : undefined
}

/**
 * Functions of Node's util module that the native package still calls: Node 23 removed them, and Node 22 warns of them at the first call.
 */
export function mendUtil(): void {
  const util: Record<string, unknown> = createRequire(import.meta.url)('node:util')
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}
