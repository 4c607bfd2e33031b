/** The backend that computes the tensors: TensorFlow on a GPU or the CPU, WebAssembly, or plain JavaScript. */
export type EngineName = 'tfjs-node-gpu' | 'tfjs-node' | 'wasm' | 'cpu'

/** Fastest first. */
export const engineNames: readonly EngineName[] = ['tfjs-node-gpu', 'tfjs-node', 'wasm', 'cpu']

export type NativeName = 'tfjs-node-gpu' | 'tfjs-node'

export interface Engine {
  readonly name: EngineName
  /** Of what computes: TensorFlow's for the native engines, the TensorFlow.js backend's for the others. */
  readonly version: string
  /** One line for people: `TensorFlow 2.16.2 on the processor, 2 threads`. */
  readonly description: string
  readonly native: boolean
  /** Whether a graphics card is really used. */
  readonly gpu: boolean
}

export interface EngineFinding {
  readonly name: EngineName
  readonly available: boolean
  readonly version?: string
  /** The folder it would be loaded from. */
  readonly place?: string
  /** Why it is not available, or is less than it could be. */
  readonly reason?: string
}

/** The command that gets a native engine. */
export function setupCommand(name: NativeName): string {
  return name === 'tfjs-node-gpu' ? 'wsban setup --gpu' : 'wsban setup'
}
