/** IEEE 754 half precision, rounded to nearest, ties to even; larger values become infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) halves[i] = halfOf(bits[i] as number)
  return halves
}

function halfOf(single: number): number {
  const sign = (single >>> 16) & 0x8000
  const magnitude = single & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // From halfway between the largest half and the next power of two on.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) return sign | subnormalOf(magnitude)
  const odd = (magnitude >>> 13) & 1
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13)
}

/** Below 2^-14 a half counts in steps of 2^-24. */
function subnormalOf(magnitude: number): number {
  const exponent = magnitude >>> 23
  const shift = 126 - exponent
  if (shift > 24) return 0
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const kept = mantissa >>> shift
  const rest = mantissa & ((1 << shift) - 1)
  const middle = 1 << (shift - 1)
  return kept + (rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0)
}
