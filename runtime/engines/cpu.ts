import { version_cpu } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'

/** Makes the plain JavaScript backend current and returns its version. It is a reference for tests, fifty times slower than the native engine. */
export async function openCpu(): Promise<string> {
  await tf.setBackend('cpu')
  await tf.ready()
  const backend: unknown = tf.backend()
  // Suppresses the backend's message that advertises tfjs-node.
  if (typeof backend === 'object' && backend !== null && 'firstUse' in backend) backend.firstUse = false
  return version_cpu
}
