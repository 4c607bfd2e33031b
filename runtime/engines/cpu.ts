import { version_cpu } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'

/** Makes the plain JavaScript backend current: a reference for tests, fifty times slower than the native engine. */
export async function openCpu(): Promise<string> {
  await tf.setBackend('cpu')
  await tf.ready()
  const backend: unknown = tf.backend()
  // It would print an advert for packages that this project gets in another way.
  if (typeof backend === 'object' && backend !== null && 'firstUse' in backend) backend.firstUse = false
  return version_cpu
}
