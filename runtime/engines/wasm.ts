import { version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { addTrainingKernels } from './wasm/training_kernels.js'

let starting: Promise<void> | undefined

/** Makes the WebAssembly backend current, with the kernels for training that it lacks, and returns its version. It is single-threaded under Node. */
export async function openWasm(): Promise<string> {
  starting ??= start()
  await starting
  await tf.setBackend('wasm')
  return version_wasm
}

async function start(): Promise<void> {
  // The backend's loader installs process-wide handlers for uncaught errors; they are removed again.
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = new Map(events.map((event) => [event, new Set<unknown>(process.rawListeners(event))]))
  await tf.setBackend('wasm')
  await tf.ready()
  for (const event of events)
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)?.has(listener)) process.off(event, listener as (...args: unknown[]) => void)
    }
  addTrainingKernels()
}
