import { open } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'
import { unreadable, type WeightFile } from './weight_file.js'

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
  if (head.toString('latin1', 0, 2) === 'PK') return (await import('./formats/torch_zip.js')).openTorchZip(path)
  if (head[0] === 0x80 && (head[1] ?? 0) <= 5) return (await import('./formats/torch_legacy.js')).openTorchLegacy(path)
  if (head[8] === 0x7b || path.endsWith('.safetensors'))
    return (await import('./formats/safetensors.js')).openSafetensors(path)
  return (await import('./formats/onnx.js')).openOnnxWeights(path)
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
