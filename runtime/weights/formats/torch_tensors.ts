import { type Dtype, dtypeBytes } from '../dtype.js'
import type { Unreadable, WeightEntry } from '../weight_file.js'
import { isList, PickleGlobal, PickleMap, PickleObject, type PickleValue } from './pickle.js'

/** torch's storage classes and their element types. */
const storageTypes: ReadonlyMap<string, Dtype> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
])

const makers = ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor']
const parameterMakers = ['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state']

/** A storage, described by a tensor's persistent id: ('storage', class, key, place, elements, ...). */
export interface Storage {
  readonly key: string
  readonly dtype: Dtype
  readonly elements: number
}

export function storageOf(value: PickleValue): Storage | undefined {
  if (!(value instanceof PickleObject) || value.made !== 'persistent id') return undefined
  const [id] = value.given
  if (id === undefined || !isList(id)) return undefined
  const [kind, type, key, , elements] = id
  const dtype = type instanceof PickleGlobal ? storageTypes.get(type.name) : undefined
  if (kind !== 'storage' || !dtype || typeof elements !== 'number' || !Number.isSafeInteger(elements) || elements < 0)
    return undefined
  return typeof key === 'string' || typeof key === 'number' ? { key: String(key), dtype, elements } : undefined
}

/** Reads bytes `start` to `start + length` of a storage. */
export type ReadStorage = (storage: Storage, start: number, length: number) => Promise<Uint8Array>

/**
 * Returns every tensor of a checkpoint by its path: `state_dict.layer1.0.weight`, or `layer1.0.weight` of a pickled module. Everything else is
 * skipped. Calls `found` with each tensor's storage.
 */
export function tensorsOf(
  root: PickleValue,
  read: ReadStorage,
  fail: Unreadable,
  found: (storage: Storage) => void,
): Map<string, WeightEntry> {
  const entries = new Map<string, WeightEntry>()
  // Values may be shared, so that a few hundred bytes describe more paths than could ever be followed. What was seen to hold no tensor
  // is not entered again, and each other visit adds at least one tensor, of which there is a limit.
  const barren = new Set<PickleValue>()
  const inside = new Set<PickleValue>()
  const walk = (value: PickleValue, path: string): void => {
    if (value === null || typeof value !== 'object' || barren.has(value) || inside.has(value)) return
    if (value instanceof PickleObject) {
      const entry = tensorEntry(value, path, read, fail, found)
      if (entry) {
        entries.set(path, entry)
        if (entries.size > mostTensors) throw fail(`it has more than ${mostTensors} tensors`)
        return
      }
    }
    if (inside.size > mostDepth) throw fail(`it is nested more than ${mostDepth} levels deep`)
    inside.add(value)
    const before = entries.size
    for (const [key, child] of childrenOf(value)) walk(child, joined(path, key))
    if (entries.size === before) barren.add(value)
    inside.delete(value)
  }
  walk(root, '')
  if (entries.size === 0) throw fail('it holds no tensors')
  return entries
}

const mostTensors = 100_000
const mostDepth = 300

type Child = readonly [key: string | number, value: PickleValue]

/** Values by their names, of a dict, a list, or an object's attributes. */
function* childrenOf(value: PickleValue): Generator<Child> {
  if (value instanceof PickleMap) {
    for (const [key, child] of value.items) if (typeof key === 'string' || typeof key === 'number') yield [key, child]
  } else if (isList(value)) yield* value.entries()
  else if (value instanceof PickleObject) {
    yield* childrenOf(value.entries)
    // The state of a class with slots is a pair: attributes, slots.
    for (const part of isList(value.state) ? value.state : [value.state])
      if (part instanceof PickleMap) yield* childrenOf(part)
  }
}

/** Attributes of torch.nn.Module that its own state_dict() leaves out of the names. */
const moduleParts: ReadonlySet<string | number> = new Set(['_modules', '_parameters', '_buffers'])

function joined(path: string, key: string | number): string {
  if (moduleParts.has(key)) return path
  return path === '' ? String(key) : `${path}.${key}`
}

/** The tensor that a call would rebuild; undefined for a call of anything else. */
function tensorEntry(
  value: PickleObject,
  path: string,
  read: ReadStorage,
  fail: Unreadable,
  found: (storage: Storage) => void,
): WeightEntry | undefined {
  if (parameterMakers.includes(value.made)) {
    const [inner] = value.given
    return inner instanceof PickleObject ? tensorEntry(inner, path, read, fail, found) : undefined
  }
  if (value.made === 'torch._tensor._rebuild_from_type_v2') {
    const [maker, , given] = value.given
    if (!(maker instanceof PickleGlobal) || !isList(given))
      throw fail(`${path} is described in a way that no tensor is`)
    return tensorEntry(new PickleObject(maker.name, given), path, read, fail, found)
  }
  if (/^torch\.(_utils|_tensor)\._rebuild/.test(value.made) && !makers.includes(value.made))
    throw fail(`${path} is a tensor of a kind that is not read (${value.made})`)
  if (!makers.includes(value.made)) return undefined
  const [stored, offset, size, stride] = value.given
  const storage = stored === undefined ? undefined : storageOf(stored)
  const shape = wholeNumbers(size)
  const strides = wholeNumbers(stride)
  if (!storage || typeof offset !== 'number' || !(offset >= 0) || !shape || strides?.length !== shape.length)
    throw fail(`${path} is described in a way that no tensor is`)
  const elements = shape.reduce((product, length) => product * length, 1)
  const last = shape.reduce((sum, length, i) => sum + (length - 1) * (strides[i] as number), offset)
  // A small storage may claim to be a large tensor by strides of 0; weights are never saved so.
  if (elements > storage.elements || (elements > 0 && last >= storage.elements))
    throw fail(`${path} lies outside of its storage`)
  found(storage)
  const width = dtypeBytes[storage.dtype]
  return {
    dtype: storage.dtype,
    shape,
    async bytes() {
      if (elements === 0) return new Uint8Array()
      const data = await read(storage, offset * width, (last - offset + 1) * width)
      return isContiguous(shape, strides) ? data : gathered(data, shape, strides, width)
    },
  }
}

function wholeNumbers(value: PickleValue | undefined): readonly number[] | undefined {
  if (value instanceof PickleObject && value.made === 'torch.Size') return wholeNumbers(value.given[0])
  if (value === undefined || !isList(value)) return undefined
  const numbers = value.flatMap((item) =>
    typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 ? [item] : [],
  )
  return numbers.length === value.length && numbers.length <= 16 ? numbers : undefined
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== expected) return false
    expected *= shape[d] as number
  }
  return true
}

/** The elements of a transposed or cut tensor, row after row. */
function gathered(data: Uint8Array, shape: readonly number[], strides: readonly number[], width: number): Uint8Array {
  const count = shape.reduce((product, length) => product * length, 1)
  const out = new Uint8Array(count * width)
  const place = new Array<number>(shape.length).fill(0)
  for (let index = 0; index < count; index++) {
    const from = place.reduce((sum, at, d) => sum + at * (strides[d] as number), 0) * width
    out.set(data.subarray(from, from + width), index * width)
    for (let d = shape.length - 1; d >= 0; d--) {
      place[d] = (place[d] as number) + 1
      if ((place[d] as number) < (shape[d] as number)) break
      place[d] = 0
    }
  }
  return out
}
