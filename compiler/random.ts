/**
 * Seeded random numbers that any language with 32-bit unsigned arithmetic can repeat, one value or a whole vector at a time.
 *
 * A stream is a 32-bit key; its value number i (i = 0, 1, ...) depends on nothing but the key and i:
 *
 *     finalise(x):  x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16      (all modulo 2^32, logical shifts)
 *     value(key, i) = finalise(finalise(key + i * 0x9e3779b9) ^ key)
 *
 * The key goes in twice, so two keys that differ by a multiple of 0x9e3779b9 do not give one stream shifted.
 * A stream repeats after 2^32 values. The finaliser is the "lowbias32" of Wellons' hash prospector.
 *
 * From a value u to numbers, in float64:
 *
 *     uniform i = low + (high - low) * (u >> 8) / 2^24,                   u = value(key, i)
 *     normal i  = mean + deviation * sqrt(-2 ln((a + 0.5) / 2^32)) * cos(2 pi b / 2^32),   a = value(key, 2 i), b = value(key, 2 i + 1)
 *
 * This file imports nothing and must stay free of the host: the compiler embeds its numbers, too.
 */

const GOLDEN = 0x9e3779b9
const TO_24_BITS = 2 ** -24
const TO_32_BITS = 2 ** -32

function finalise(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}

function valueAt(key: number, index: number): number {
  return finalise(finalise((key + Math.imul(index, GOLDEN)) | 0) ^ key) >>> 0
}

const utf8 = new TextEncoder()

/**
 * The 32-bit key of a stream, from what it is for: `keyOf(seed, 'init', 'logits.weight')`.
 *
 * FNV-1a over the parts one after another, then `finalise`. A string is the byte 0x73, its UTF-8 bytes, and 0xff (which UTF-8 never
 * holds); a number is the byte 0x6e and its eight float64 bytes, little-endian. So ('ab', 'c') and ('a', 'bc'), or 1 and '1', differ.
 */
export function keyOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  const add = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  for (const part of parts) {
    if (typeof part === 'string') {
      add(0x73)
      for (const byte of utf8.encode(part)) add(byte)
      add(0xff)
    } else {
      const bytes = new DataView(new ArrayBuffer(8))
      // -0 counts as 0: they are not meant as two seeds.
      bytes.setFloat64(0, part === 0 ? 0 : part, true)
      add(0x6e)
      for (let i = 0; i < 8; i++) add(bytes.getUint8(i))
    }
  }
  return finalise(hash) >>> 0
}

function normalFrom(a: number, b: number): number {
  return Math.sqrt(-2 * Math.log((a + 0.5) * TO_32_BITS)) * Math.cos(2 * Math.PI * b * TO_32_BITS)
}

/** One stream, read in order. Each `uint32`, `uniform` and `integer` takes one value of the stream, each `normal` two. */
export class Random {
  readonly key: number
  private position = 0

  /** @param key from `keyOf`; taken modulo 2^32 */
  constructor(key: number) {
    this.key = key >>> 0
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const value = valueAt(this.key, this.position)
    this.position = (this.position + 1) >>> 0
    return value
  }

  /** A number of [low, high), one of 2^24 evenly spaced: of [0, 1) each is exact in float32. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) * TO_24_BITS)
  }

  /** A standard normal number (mean 0, deviation 1; never beyond 6.7). */
  normal(): number {
    const a = this.uint32()
    return normalFrom(a, this.uint32())
  }

  /** An integer from 0 to n - 1. The unevenness is below n / 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new RangeError(`integer(n) needs a whole n from 1 to 2^32, not ${n}`)
    return Math.floor(this.uint32() * TO_32_BITS * n)
  }

  /** Puts the items in a random order, in place (Fisher-Yates from the end), and gives them back. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = items[i] as T
      items[i] = items[j] as T
      items[j] = held
    }
    return items
  }

  /** Another stream, which depends on this one's key and the parts but not on how far this one was read. */
  fork(...parts: readonly (string | number)[]): Random {
    return new Random(keyOf(this.key, ...parts))
  }
}

/** Fills with uniform numbers of [low, high) (float32 rounding may reach high). Value i is `new Random(key)`'s uniform number i. */
export function fillUniform(out: Float32Array, key: number, low: number, high: number): void {
  const seed = key | 0
  const span = high - low
  // `finalise` by hand and the counter kept as a running sum: this loop makes every weight of a model.
  for (let i = 0, x = seed; i < out.length; i++, x = (x + GOLDEN) | 0) {
    let v = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    v = Math.imul(v ^ (v >>> 15), 0x846ca68b)
    v = v ^ (v >>> 16) ^ seed
    v = Math.imul(v ^ (v >>> 16), 0x7feb352d)
    v = Math.imul(v ^ (v >>> 15), 0x846ca68b)
    out[i] = low + span * (((v ^ (v >>> 16)) >>> 8) * TO_24_BITS)
  }
}

/** Fills with normal numbers. Value i is mean + deviation times `new Random(key)`'s normal number i. */
export function fillNormal(out: Float32Array, key: number, mean: number, deviation: number): void {
  const seed = key | 0
  for (let i = 0; i < out.length; i++) {
    out[i] = mean + deviation * normalFrom(valueAt(seed, 2 * i), valueAt(seed, 2 * i + 1))
  }
}
