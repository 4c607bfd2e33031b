import { readFile } from 'node:fs/promises'
import { inflateSync } from 'node:zlib'
import { Failure, reasonOf } from '../failure.js'

/** A value of a MATLAB file, elements in MATLAB's order (columns first). */
export type MatValue =
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'cells'; readonly cells: readonly MatValue[] }
  | { readonly kind: 'structs'; readonly structs: readonly ReadonlyMap<string, MatValue>[] }

/** A problem with the bytes; becomes a `Failure` that names the file. */
class Broken extends Error {}

/** Annotation files are a few MB; a compressed element that expands beyond this is an attack. */
const MOST_BYTES = 2 ** 28
const DEEPEST = 16
/** Annotations have thousands of numbers in an array; each becomes one of JavaScript's, eight times as large as a byte. */
const MOST_NUMBERS = 2 ** 24

/** Types of data elements and classes of arrays, by their numbers in MathWorks' "MAT-File Format" (level 5). */
const matrixType = 14
const compressedType = 15
const readers: Readonly<
  Record<number, { size: number; read: (view: DataView, at: number, little: boolean) => number }>
> = {
  1: { size: 1, read: (view, at) => view.getInt8(at) },
  2: { size: 1, read: (view, at) => view.getUint8(at) },
  3: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  4: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  5: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  6: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  7: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  9: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  12: { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  13: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  16: { size: 1, read: (view, at) => view.getUint8(at) },
  17: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  18: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
}
const cellClass = 1
const structClass = 2
const charClass = 4
const numberClasses = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
const complexFlag = 0x800

/**
 * The variables of a MATLAB file of level 5 (MATLAB 5 to 7, `-v6` and `-v7`): numbers, text, cells and structs, compressed or not.
 *
 * @throws Failure `mat-unreadable`: not such a file (7.3 files are HDF5), damaged, or with other kinds of values
 */
export async function readMat5(path: string): Promise<ReadonlyMap<string, MatValue>> {
  try {
    return variablesOf(await readFile(path))
  } catch (error) {
    // Errors that zlib and DataView throw for damaged bytes, and the system for a missing file, are expected; any other is a bug.
    const known = error instanceof Broken || error instanceof RangeError || (error instanceof Error && 'code' in error)
    if (!known) throw error
    throw new Failure(
      {
        code: 'mat-unreadable',
        message: `cannot read the MATLAB file ${path}: ${reasonOf(error)}`,
        help: 'get the file again, or write its contents as a CSV list (docs/data.md)',
        path,
      },
      { cause: error },
    )
  }
}

function variablesOf(bytes: Uint8Array): ReadonlyMap<string, MatValue> {
  const text = Buffer.from(bytes.subarray(0, 116)).toString('latin1')
  if (text.startsWith('MATLAB 7.3')) throw new Broken('it is of version 7.3; save it with -v7')
  const mark = Buffer.from(bytes.subarray(126, 128)).toString('latin1')
  if (bytes.length < 128 || (mark !== 'IM' && mark !== 'MI')) throw new Broken('it is not a MATLAB file of level 5')
  const little = mark === 'IM'
  const found = new Map<string, MatValue>()
  const add = (reader: Reader, compressed = false) => {
    while (!reader.done) {
      const { type, bytes: data } = reader.element()
      if (type === compressedType) {
        if (compressed) throw new Broken('a compressed element within another')
        add(new Reader(inflateSync(data, { maxOutputLength: MOST_BYTES }), little), true)
      } else if (type === matrixType) {
        const { name, value } = matrix(new Reader(data, little), 0)
        if (value) found.set(name, value)
      } else throw new Broken(`an element of type ${type} where a variable should be`)
    }
  }
  add(new Reader(bytes.subarray(128), little))
  return found
}

/** Data elements one after another. */
class Reader {
  private at = 0
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    private readonly little: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  element(): { type: number; bytes: Uint8Array } {
    const first = this.view.getUint32(this.at, this.little)
    // A small element has its length beside its type, and its data where the length would be.
    const small = first >>> 16
    const type = small > 0 ? first & 0xffff : first
    const length = small > 0 ? small : this.view.getUint32(this.at + 4, this.little)
    const start = this.at + (small > 0 ? 4 : 8)
    if ((small > 4 && type !== compressedType) || start + length > this.bytes.length)
      throw new Broken('it is cut short')
    const whole = small > 0 || type === compressedType ? length : Math.ceil(length / 8) * 8
    this.at = small > 0 ? start + 4 : start + whole
    return { type, bytes: this.bytes.subarray(start, start + length) }
  }

  numbers(): number[] {
    const { type, bytes } = this.element()
    return decode(type, bytes, this.little)
  }

  text(): string {
    const { type, bytes } = this.element()
    if (type === 1 || type === 16) return Buffer.from(bytes).toString('utf8')
    return decode(type, bytes, this.little)
      .map((code) => String.fromCodePoint(code))
      .join('')
  }

  matrix(depth: number): MatValue {
    const { type, bytes } = this.element()
    if (type !== matrixType) throw new Broken(`an element of type ${type} where an array should be`)
    // An empty element denotes an empty array.
    if (bytes.length === 0) return { kind: 'numbers', values: [] }
    const { name, value } = matrix(new Reader(bytes, this.little), depth)
    if (!value) throw new Broken(`a value of a kind that is not read here${name ? ` in ${name}` : ''}`)
    return value
  }
}

function decode(type: number, bytes: Uint8Array, little: boolean): number[] {
  const reader = readers[type]
  if (!reader) throw new Broken(`an element of type ${type} where numbers should be`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = Math.floor(bytes.length / reader.size)
  if (count > MOST_NUMBERS) throw new Broken(`${count} numbers in one array`)
  return Array.from({ length: count }, (_, index) => reader.read(view, index * reader.size, little))
}

/** An array; without a value when it is of a kind that annotations do not use (objects, functions, sparse ones). */
function matrix(reader: Reader, depth: number): { name: string; value: MatValue | undefined } {
  if (depth > DEEPEST) throw new Broken(`it is nested more than ${DEEPEST} levels deep`)
  const [flags = 0] = reader.numbers()
  const kind = flags & 0xff
  if (kind > 15 || (flags & complexFlag) !== 0) return { name: '', value: undefined }
  const shape = reader.numbers()
  const count = shape.reduce((product, length) => product * length, 1)
  const name = reader.text()
  return { name, value: contents(reader, kind, count, depth) }
}

function contents(reader: Reader, kind: number, count: number, depth: number): MatValue | undefined {
  if (kind === charClass) return { kind: 'text', text: count === 0 ? '' : reader.text() }
  if (numberClasses.includes(kind)) {
    const values = reader.numbers()
    if (values.length !== count) throw new Broken(`${values.length} numbers in an array of ${count}`)
    return { kind: 'numbers', values }
  }
  // Each value takes at least a byte; a struct without fields would take none, however many there are.
  if (kind !== charClass && !numberClasses.includes(kind) && count > reader.left)
    throw new Broken(`${count} values in ${reader.left} bytes`)
  if (kind === cellClass) {
    const cells: MatValue[] = []
    for (let i = 0; i < count; i++) cells.push(reader.matrix(depth + 1))
    return { kind: 'cells', cells }
  }
  if (kind !== structClass) return undefined
  const [length = 0] = reader.numbers()
  const names = fieldNames(reader.element().bytes, length)
  const structs: ReadonlyMap<string, MatValue>[] = []
  for (let i = 0; i < count; i++) structs.push(new Map(names.map((name) => [name, reader.matrix(depth + 1)])))
  return { kind: 'structs', structs }
}

function fieldNames(bytes: Uint8Array, length: number): string[] {
  if (length <= 0) throw new Broken('a struct with names of no length')
  return Array.from({ length: Math.floor(bytes.length / length) }, (_, index) =>
    Buffer.from(bytes.subarray(index * length, (index + 1) * length))
      .toString('latin1')
      .replace(/\0.*$/s, ''),
  )
}
