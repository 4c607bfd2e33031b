/**
 * Returns a hash of 16 hexadecimal digits: two 32-bit FNV-1a hashes, of the text and of the reversed text. Not resistant to deliberate collisions.
 */
export function digestOf(text: string): string {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  return [hash(codes), hash(codes.toReversed())].map((half) => half.toString(16).padStart(8, '0')).join('')
}

function hash(codes: readonly number[]): number {
  let value = 0x811c9dc5
  for (const code of codes) {
    value = Math.imul(value ^ (code & 0xff), 0x01000193)
    value = Math.imul(value ^ (code >>> 8), 0x01000193)
  }
  return value >>> 0
}
