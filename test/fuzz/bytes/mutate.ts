import type { Random } from '../../../compiler/random.js'
import { elementAt } from '../../../grammar/present.js'

/** Bytes with a meaning in many formats: terminators, signs, lengths, brackets, and the limits of integers. */
const boundaryBytes = [
  0, 1, 2, 4, 7, 8, 0x0a, 0x12, 0x20, 0x22, 0x28, 0x2c, 0x2e, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xfe, 0xff,
]

/** Mutates a file: bits, bytes, lengths, truncation, duplicated or moved pieces, and pieces of another file. */
export function mutate(seed: Uint8Array, other: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seed)
  for (let changes = 1 + random.integer(4); changes > 0 && bytes.length > 0; changes--)
    bytes = changed(bytes, other, random)
  return bytes
}

function changed(bytes: Buffer, other: Uint8Array, random: Random): Buffer {
  const at = random.integer(bytes.length)
  const length = Math.min(bytes.length - at, 1 + random.integer(random.integer(4) === 0 ? 64 : 8))
  switch (random.integer(9)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8))
      return bytes
    case 1:
      bytes[at] = elementAt(boundaryBytes, random.integer(boundaryBytes.length))
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    case 5:
      for (let i = at; i < at + length; i++) bytes[i] = random.integer(256)
      return bytes
    case 6: {
      const from = random.integer(Math.max(1, other.length))
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)])
    }
    case 7:
      // An integer of a header: very large, negative, or nearly what it was.
      if (bytes.length - at >= 4)
        bytes.writeUInt32LE([0, 1, 0x7fffffff, 0x80000000, 0xffffffff][random.integer(5)] ?? 0, at)
      return bytes
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length, bytes[at] ?? 0), bytes.subarray(at)])
  }
}
