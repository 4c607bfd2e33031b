/** Element types of published weights, by safetensors' names. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

export type Dtype = keyof typeof dtypeBytes

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBytes, name)
}

/** Converts little-endian values of any element type to float32, read-only; 64-bit values are rounded. */
export function toFloat32(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const count = bytes.length / dtypeBytes[dtype]
  if (dtype === 'F32') {
    // Aligned float32 bytes are used without a copy: a classifier may have 80 MB.
    if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count)
    const values = new Float32Array(count)
    new Uint8Array(values.buffer).set(bytes)
    return values
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = readers[dtype]
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = read(view, i)
  return values
}

const readers: Readonly<Record<Exclude<Dtype, 'F32'>, (view: DataView, index: number) => number>> = {
  F64: (view, i) => view.getFloat64(i * 8, true),
  F16: (view, i) => halfToNumber(view.getUint16(i * 2, true)),
  BF16: (view, i) => bfloatToNumber(view.getUint16(i * 2, true)),
  I64: (view, i) => Number(view.getBigInt64(i * 8, true)),
  I32: (view, i) => view.getInt32(i * 4, true),
  I16: (view, i) => view.getInt16(i * 2, true),
  I8: (view, i) => view.getInt8(i),
  U8: (view, i) => view.getUint8(i),
  BOOL: (view, i) => (view.getUint8(i) === 0 ? 0 : 1),
}

/** IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const word = new DataView(new ArrayBuffer(4))

/** Rounds to the nearest binary16 value, of two equally near ones to the even one; larger values become infinite. */
export function numberToHalf(value: number): number {
  word.setFloat32(0, value)
  const bits = word.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  const fraction = bits & 0x7fffff
  if (exponent === 128) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200)
  if (exponent < -25) return sign
  // Below 2^-14 binary16 has no implicit one, and steps of 2^-24.
  const normal = exponent >= -14
  const shift = normal ? 13 : -1 - exponent
  const whole = normal ? ((exponent + 15) << 23) | fraction : 0x800000 | fraction
  const kept = whole >>> shift
  const rest = whole - kept * 2 ** shift
  const half = 2 ** (shift - 1)
  const rounded = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0)
  return sign | Math.min(rounded, 0x7c00)
}

/** The upper half of a float32. */
function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}
