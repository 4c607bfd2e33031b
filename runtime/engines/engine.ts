/** The backend that computes the tensors: TensorFlow on a GPU or the CPU, WebAssembly, or plain JavaScript. */
export type EngineName = 'tfjs-node-gpu' | 'tfjs-node' | 'wasm' | 'cpu'

/** Fastest first. */
export const engineNames: readonly EngineName[] = ['tfjs-node-gpu', 'tfjs-node', 'wasm', 'cpu']

export type NativeName = 'tfjs-node-gpu' | 'tfjs-node'

export interface Engine {
  readonly name: EngineName
  /** The version of TensorFlow for the native engines, and of the TensorFlow.js backend for the others. */
  readonly version: string
  /** One line for the user, such as `TensorFlow 2.16.2 on the CPU, 2 threads`. */
  readonly description: string
  readonly native: boolean
  /** Whether a GPU is in use. */
  readonly gpu: boolean
}

export interface EngineFinding {
  readonly name: EngineName
  readonly available: boolean
  readonly version?: string
  /** The folder from which it is loaded. */
  readonly place?: string
  /** Why it is unavailable or limited. */
  readonly reason?: string
}

/** Returns the command that installs a native engine. */
export function setupCommand(name: NativeName): string {
  return name === 'tfjs-node-gpu' ? 'wsban setup --gpu' : 'wsban setup'
}
