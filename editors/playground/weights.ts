import { bytesOf } from '../../runtime/page/answer.js'
import { readEntries } from '../../runtime/weights/formats/safetensors_entries.js'
import type { SampleBirds } from './birds/sample_birds.js'

/** Weights that answers are given with. */
export interface LoadedWeights {
  /** Two with the same name are the same. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Of a model that learned from the sample birds. */
  readonly classes?: readonly string[]
}

/** Reads a safetensors file. @throws Error for what is none */
export function loadWeights(name: string, bytes: Uint8Array, classes?: readonly string[]): LoadedWeights {
  const fail = (reason: string, cause?: unknown) => new Error(`${name} cannot be read: ${reason}`, { cause })
  readEntries({ size: bytes.length, readAt: (start, count) => bytes.slice(start, start + count), fail })
  return { name, bytes, ...(classes && { classes }) }
}

/** The weights with which the page opens. */
export async function birdsWeights({ weights, classes }: SampleBirds): Promise<LoadedWeights> {
  return loadWeights('weights trained on the sample birds', await bytesOf(weights), classes)
}
