import { join } from 'node:path'
import { packageRoot } from '../../runtime/package_root.js'
import { openWeightFile } from '../../runtime/weights/open_weight_file.js'
import type { WeightFile } from '../../runtime/weights/weight_file.js'
import { storedZip } from './stored_zip.js'

/** Checkpoints that record.py wrote. */
export const weightFixtures = join(packageRoot(), 'test', 'weights', 'fixtures')

/** Opens a checkpoint, and closes it after `work`. */
export async function withFile<T>(path: string, work: (file: WeightFile) => Promise<T>): Promise<T> {
  const file = await openWeightFile(path)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Values as torch pickles them. */
export const integer = (value: number) =>
  `J${String.fromCharCode(...[0, 8, 16, 24].map((shift) => (value >> shift) & 255))}`
export const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`
export const tuple = (values: readonly number[]) => `(${values.map(integer).join('')}t`

export const archive = (pickle: Buffer) =>
  storedZip([
    ['archive/data.pkl', pickle],
    ['archive/version', Buffer.from('3\n')],
  ])
export const header = (json: string, length = BigInt(Buffer.byteLength(json))) => {
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(length)
  return Buffer.concat([head, Buffer.from(json), Buffer.alloc(64)])
}

/** A checkpoint in torch's format before 1.6: the tensors, the keys of the storages, and these themselves. */
export function oldFormat(tensors: Buffer, keys: string, storages = Buffer.alloc(0)): Buffer {
  const head = `\x80\x02\x8a\x0a${'\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19'}.K\x01.N.`
  return Buffer.concat([Buffer.from(head, 'latin1'), tensors, Buffer.from(keys, 'latin1'), storages])
}

/** A field of a protobuf message: a number below 128, or text or bytes of fewer. */
export function proto(field: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.from([field * 8, value])
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([field * 8 + 2, bytes.length]), bytes])
}

/** An ONNX file with one initializer of these fields. */
export function onnxWith(...fields: readonly Buffer[]): Buffer {
  return proto(7, proto(5, Buffer.concat(fields)))
}

/** A tensor of one number. */
export const one = { elements: 1, shape: [1], strides: [1] }

/** Each level holds the one before twice: 2^levels paths in a few bytes. */
export function sharedPickle(levels: number, level: '\x86' | 's', tensor = false): Buffer {
  const innermost = tensor
    ? tensorPickle({ elements: 1, shape: [1], strides: [1] }).subarray(3 + 1 + 5, -2)
    : Buffer.from(')')
  const twice = (index: number) =>
    level === 's' ? `r${long(index)}}(K\x01j${long(index)}K\x02j${long(index)}u` : `r${long(index)}j${long(index)}\x86`
  const levelsText = Array.from({ length: levels }, (_, i) => twice(i)).join('')
  return Buffer.concat([Buffer.from('\x80\x02', 'latin1'), innermost, Buffer.from(`${levelsText}.`, 'latin1')])
}

function long(index: number): string {
  return String.fromCharCode(index & 255, index >> 8, 0, 0)
}

export interface Described {
  readonly elements: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** Parts of the pickle that differ from torch's. */
  readonly type?: string
  readonly key?: string
  readonly offset?: string
  readonly id?: string
  readonly size?: string
}

/** The call that makes a tensor, as torch writes it, over storage 0. */
export function tensorCall({
  elements,
  shape,
  strides,
  type = 'FloatStorage',
  key = text('0'),
  ...given
}: Described): string {
  const storage = given.id ?? `(${text('storage')}ctorch\n${type}\n${key}${text('cpu')}${integer(elements)}t`
  const { offset = integer(0), size = tuple(shape) } = given
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}Q${offset}${size}${tuple(strides)}\x89NtR`
}

/** A dict with a tensor `w`. */
export function tensorPickle(described: Described): Buffer {
  return valuePickle(tensorCall(described))
}

/** A dict with a value `w`. */
export function valuePickle(value: string): Buffer {
  return Buffer.from(`\x80\x02}${text('w')}${value}s.`, 'latin1')
}
