import { open } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'
import { type Dtype, toFloat32 } from './dtype.js'

/** A named tensor in a file. Nothing of its values is in memory until they are asked for. */
export interface WeightEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Little-endian, row after row. */
  bytes(): Promise<Uint8Array>
}

export type WeightFormat = 'safetensors' | 'pytorch' | 'pytorch (old format)' | 'onnx'

/** A checkpoint, open for reading. */
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

/** @throws Failure `weights-unreadable`, naming the file and what is wrong with it */
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

/** Opens a checkpoint of any supported format, detected from its first bytes. @throws Failure `weights-unreadable` */
export async function openWeightFile(path: string): Promise<WeightFile> {
  const fail = unreadable(path)
  const head = Buffer.alloc(9)
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fail(reasonOf(error), error)
  })
  let bytesRead = 0
  try {
    bytesRead = (await file.read(head, 0, 9, 0)).bytesRead
  } catch (error) {
    throw fail(reasonOf(error), error)
  } finally {
    await file.close()
  }
  if (bytesRead < 9) throw fail(`it has ${bytesRead} bytes`)
  if (head.toString('latin1', 0, 2) === 'PK') return (await import('./torch_zip.js')).openTorchZip(path)
  if (head[0] === 0x80 && (head[1] ?? 0) <= 5) return (await import('./torch_legacy.js')).openTorchLegacy(path)
  if (head[8] === 0x7b || path.endsWith('.safetensors')) return (await import('./safetensors.js')).openSafetensors(path)
  return (await import('./onnx.js')).openOnnxWeights(path)
}

/**
 * Opens a checkpoint, or with `entry` the tensors that stand in it under this name, without the name.
 *
 * @throws Failure `weights-unreadable`, or `weights-entry-missing`, which lists the names there are
 */
export async function openEntry(path: string, entry: string | undefined): Promise<WeightFile> {
  const file = await openWeightFile(path)
  try {
    return entry === undefined ? file : entryOf(file, entry)
  } catch (error) {
    await file.close()
    throw error
  }
}

function entryOf(file: WeightFile, entry: string): WeightFile {
  const start = `${entry}.`
  const under = [...file.entries].filter(([name]) => name.startsWith(start))
  if (under.length > 0)
    return { ...file, entries: new Map(under.map(([name, tensor]) => [name.slice(start.length), tensor])) }
  const known = [...new Set([...file.entries.keys()].flatMap((name) => name.split('.').slice(0, -1)[0] ?? []))]
  throw new Failure({
    code: 'weights-entry-missing',
    message: `${file.path} has no tensors under ${entry}`,
    help:
      known.length === 0
        ? 'its tensors stand under no name'
        : `its tensors stand under ${known.slice(0, 10).join(', ')}`,
    path: file.path,
    exit: 2,
  })
}

/** @throws Failure `weights-not-finite` when a value is no number: such weights answer nothing but NaN */
export async function readValues(file: WeightFile, name: string): Promise<StoredTensor> {
  const entry = file.entries.get(name)
  if (!entry) throw new Error(`${file.path} has no ${name}`)
  const values = toFloat32(await entry.bytes(), entry.dtype)
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new Failure({
        code: 'weights-not-finite',
        message: `${name} in ${file.path} has the value ${values[i]} at place ${i}`,
        help: 'these weights come from a training run that diverged; use an earlier checkpoint',
        path: file.path,
      })
  return { shape: entry.shape, values }
}
