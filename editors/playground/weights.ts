import { readEntries } from '../../runtime/weights/safetensors_entries.js'

/** Weights that someone dropped on the page. */
export interface LoadedWeights {
  readonly file: string
  readonly bytes: Uint8Array
  readonly tensors: number
}

/** Reads a safetensors file. @throws Error for what is none */
export function loadWeights(file: string, bytes: Uint8Array): LoadedWeights {
  const fail = (reason: string, cause?: unknown) => new Error(`${file} cannot be read: ${reason}`, { cause })
  const readAt = (start: number, count: number) => bytes.slice(start, start + count)
  const { entries } = readEntries({ size: bytes.length, readAt, fail })
  return { file, bytes, tensors: entries.size }
}
