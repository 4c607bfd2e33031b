import { Failure } from '../failure.js'
import { type Dtype, toFloat32 } from './dtype.js'

/** A named tensor in a file. Its values are read on request. */
export interface WeightEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** The values, little-endian, in row-major order. */
  bytes(): Promise<Uint8Array>
}

export type WeightFormat = 'safetensors' | 'pytorch' | 'pytorch (old format)' | 'onnx'

/** A checkpoint that is open for reading. */
export interface WeightFile {
  readonly path: string
  readonly format: WeightFormat
  readonly entries: ReadonlyMap<string, WeightEntry>
  readonly metadata: Readonly<Record<string, string>>
  close(): Promise<void>
}

export interface StoredTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** @throws Failure `weights-unreadable`, with the file and the reason */
export type Unreadable = (reason: string, cause?: unknown) => Failure

export function unreadable(path: string): Unreadable {
  return (reason, cause) =>
    new Failure(
      {
        code: 'weights-unreadable',
        message: `${path} holds no weights that can be read: ${reason}`,
        help: 'give a whole .safetensors, .pth, .pt or .onnx file, or a run',
        path,
      },
      { cause },
    )
}

/** @throws Failure `weights-not-finite` if a value is NaN or infinite */
export async function readValues(file: WeightFile, name: string): Promise<StoredTensor> {
  const entry = file.entries.get(name)
  if (!entry) throw new Error(`${file.path} has no ${name}`)
  const values = toFloat32(await entry.bytes(), entry.dtype)
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new Failure({
        code: 'weights-not-finite',
        message: `${name} in ${file.path} has the value ${values[i]} at index ${i}`,
        help: 'these weights come from a training run that diverged; use an earlier checkpoint',
        path: file.path,
      })
  return { shape: entry.shape, values }
}
