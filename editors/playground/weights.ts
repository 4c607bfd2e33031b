import { bytesOf } from '../../runtime/page/answer.js'
import { readEntries } from '../../runtime/weights/formats/safetensors_entries.js'
import type { SampleBirds } from './birds/sample_birds.js'

/** The weights of the predictions. */
export interface LoadedWeights {
  /** The identity of the weights. */
  readonly name: string
  readonly bytes: Uint8Array
  /** The class names, for a model trained on the sample birds. */
  readonly classes?: readonly string[]
}

/** Reads a safetensors file. @throws Error for an invalid one */
export function loadWeights(name: string, bytes: Uint8Array, classes?: readonly string[]): LoadedWeights {
  const fail = (reason: string, cause?: unknown) => new Error(`${name} cannot be read: ${reason}`, { cause })
  readEntries({ size: bytes.length, readAt: (start, count) => bytes.slice(start, start + count), fail })
  return { name, bytes, ...(classes && { classes }) }
}

/** Returns the initial weights of the page. */
export async function birdsWeights({ weights, classes }: SampleBirds): Promise<LoadedWeights> {
  return loadWeights('weights trained on the sample birds', await bytesOf(weights), classes)
}
