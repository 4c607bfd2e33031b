import { version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'

/** Makes the WebAssembly backend current. It computes on one thread under Node. */
export async function openWasm(): Promise<string> {
  await tf.setBackend('wasm')
  await tf.ready()
  return version_wasm
}
