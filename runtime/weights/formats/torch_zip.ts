import { type Entry, fromRandomAccessReader, type ZipFile } from 'yauzl'
import { reasonOf } from '../../failure.js'
import { dtypeBytes } from '../dtype.js'
import { type Unreadable, unreadable, type WeightFile } from '../weight_file.js'
import { ByteFile } from './byte_file.js'
import { PickleError, readPickle } from './pickle.js'
import { tensorsOf } from './torch_tensors.js'
import { ZipSource } from './zip_source.js'

/** The limit for data.pkl, which does not hold the tensors. */
const largestPickle = 64 * 1024 * 1024

/** torch's format since version 1.6: an uncompressed zip with `data.pkl` and one file per storage, `data/0`, `data/1`, ... */
export async function openTorchZip(path: string): Promise<WeightFile> {
  const fail = unreadable(path)
  const zip = await openZip(path, fail)
  try {
    const files = await list(zip, fail)
    const description = [...files.keys()].find((name) => name.endsWith('/data.pkl') || name === 'data.pkl')
    const entry = description === undefined ? undefined : files.get(description)
    if (description === undefined || !entry) throw fail('it is a zip without a data.pkl, so not one that torch wrote')
    if (entry.uncompressedSize > largestPickle) throw fail(`its data.pkl would have ${entry.uncompressedSize} bytes`)
    const root = description.slice(0, -'data.pkl'.length)
    const order = files.get(`${root}byteorder`)
    if (order && order.uncompressedSize < 16 && text(await readPart(zip, order, fail)) === 'big')
      throw fail('it was written on a big-endian machine')
    const pickle = readAll(await readPart(zip, entry, fail), fail)
    const entries = tensorsOf(
      pickle,
      async (storage, start, length) => {
        const stored = files.get(`${root}data/${storage.key}`)
        if (!stored) throw fail(`storage ${storage.key} is missing`)
        if (stored.uncompressedSize !== storage.elements * dtypeBytes[storage.dtype])
          throw fail(
            `storage ${storage.key} has ${stored.uncompressedSize} bytes instead of ${storage.elements * dtypeBytes[storage.dtype]}`,
          )
        return readPart(zip, stored, fail, start, start + length)
      },
      fail,
      (storage) => {
        if (!files.has(`${root}data/${storage.key}`)) throw fail(`storage ${storage.key} is missing`)
      },
    )
    return { path, format: 'pytorch', entries, metadata: {}, close: async () => zip.close() }
  } catch (error) {
    zip.close()
    throw error
  }
}

function openZip(path: string, fail: Unreadable): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const file = new ByteFile(path)
    fromRandomAccessReader(new ZipSource(file), file.size, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (!error) return resolve(zip)
      file.close()
      reject(fail(error.message, error))
    })
  })
}

/** Every file in the zip by its name. yauzl rejects names that lead outside (`../`, `/etc`). */
function list(zip: ZipFile, fail: Unreadable): Promise<Map<string, Entry>> {
  const files = new Map<string, Entry>()
  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(fail(error.message, error)))
    zip.on('end', () => resolve(files))
    zip.on('entry', (entry: Entry) => {
      files.set(entry.fileName, entry)
      zip.readEntry()
    })
    zip.readEntry()
  })
}

function readPart(
  zip: ZipFile,
  entry: Entry,
  fail: Unreadable,
  start = 0,
  end = entry.uncompressedSize,
): Promise<Uint8Array> {
  if (entry.compressionMethod !== 0 || entry.isEncrypted())
    return Promise.reject(fail(`${entry.fileName} in it is compressed, which torch never does`))
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, { start, end }, (error, stream) => {
      if (error) {
        reject(fail(reasonOf(error), error))
        return
      }
      const out = new Uint8Array(end - start)
      let filled = 0
      stream.on('error', (problem: Error) => reject(fail(problem.message, problem)))
      stream.on('data', (chunk: Buffer) => {
        out.set(chunk.subarray(0, out.length - filled), filled)
        filled += chunk.length
      })
      stream.on('end', () =>
        filled === out.length
          ? resolve(out)
          : reject(fail(`${entry.fileName} in it has ${filled} bytes instead of ${out.length}`)),
      )
    })
  })
}

function readAll(bytes: Uint8Array, fail: Unreadable) {
  let position = 0
  const take = (count: number) => {
    if (!(count >= 0) || position + count > bytes.length) throw fail('its data.pkl ends in the middle of something')
    position += count
    return bytes.subarray(position - count, position)
  }
  try {
    return readPickle({ take, byte: () => take(1)[0] as number })
  } catch (error) {
    throw error instanceof PickleError || error instanceof TypeError ? fail(error.message, error) : error
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim()
}
