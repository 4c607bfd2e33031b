import { dtypeBytes } from '../dtype.js'
import type { WeightFile } from '../weight_file.js'
import { ByteFile } from './byte_file.js'
import { isList, PickleError, type PickleValue, readPickle } from './pickle.js'
import { type Storage, tensorsOf } from './torch_tensors.js'

/** The magic number of the format, from torch/serialization.py. */
const magic = 0x1950a86a20f9469cfc6cn

/**
 * torch's format before version 1.6: five consecutive pickles (magic number, version, system information, the object, the keys of its storages), then
 * each storage: eight bytes of length, and the elements.
 */
export function openTorchLegacy(path: string): WeightFile {
  const file = new ByteFile(path)
  try {
    const pickles = Array.from({ length: 3 }, () => next(file))
    if (pickles[0] !== magic) throw file.fail('it is a pickle, but not one that torch wrote')
    const storages = new Map<string, Storage>()
    const starts = new Map<string, number>()
    const root = next(file)
    const entries = tensorsOf(
      root,
      async (storage, start, length) => {
        const from = starts.get(storage.key)
        if (from === undefined) throw file.fail(`storage ${storage.key} is missing`)
        return file.readAt(from + start, length)
      },
      file.fail,
      (storage) => storages.set(storage.key, storage),
    )
    const keys = next(file)
    if (!isList(keys)) throw file.fail('it does not list its storages')
    for (const key of keys) {
      const elements = Number(file.take(8).readBigUInt64LE())
      const storage = storages.get(String(key))
      if (!storage) throw file.fail(`nothing uses storage ${String(key)}, so its size is unknown`)
      if (elements !== storage.elements)
        throw file.fail(`storage ${storage.key} has ${elements} elements instead of ${storage.elements}`)
      starts.set(storage.key, file.position)
      file.position += elements * dtypeBytes[storage.dtype]
      if (file.position > file.size) throw file.fail(`it ends at byte ${file.size}, inside of storage ${storage.key}`)
    }
    return { path, format: 'pytorch (old format)', entries, metadata: {}, close: async () => file.close() }
  } catch (error) {
    file.close()
    throw error
  }
}

function next(file: ByteFile): PickleValue {
  try {
    return readPickle(file)
  } catch (error) {
    throw error instanceof PickleError || error instanceof TypeError ? file.fail(error.message, error) : error
  }
}
