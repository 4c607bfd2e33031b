import type { ImageFacts } from './image_facts.js'

/** Bits of 256 in which two looks may differ and still be taken for one image. */
const MOST_DIFFERENT = 10
/** A look with fewer differences in it is of something flat, and says nothing. */
const LEAST_DETAIL = 32
/** A row that so many images share says nothing, either. */
const COMMON = 64

/** Groups of images whose files are the same, byte for byte. */
export function sameContent(seen: readonly ImageFacts[]): readonly (readonly ImageFacts[])[] {
  const groups = new Map<string, ImageFacts[]>()
  for (const one of seen) {
    const group = groups.get(one.content)
    if (group) group.push(one)
    else groups.set(one.content, [one])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

/**
 * Pairs of images that look alike (sizes, compression or small marks apart) though their files differ.
 * Two looks that differ in at most 10 bits have at least 6 of their 16 rows in common, so only images with a row in common are compared.
 */
export function alike(seen: readonly ImageFacts[]): readonly (readonly [ImageFacts, ImageFacts])[] {
  const rows = new Map<number, number[]>()
  for (const [index, { look }] of seen.entries())
    look.forEach((row, y) => {
      if (row === 0 || row === 0xffff) return
      const key = y * 0x10000 + row
      const others = rows.get(key)
      if (others) others.push(index)
      else rows.set(key, [index])
    })
  const compared = new Set<string>()
  const pairs: (readonly [ImageFacts, ImageFacts])[] = []
  for (const group of rows.values()) {
    if (group.length > COMMON) continue
    for (const [place, index] of group.entries())
      for (const other of group.slice(place + 1)) {
        const key = `${index} ${other}`
        const [a, b] = [seen[index], seen[other]]
        if (compared.has(key) || !a || !b) continue
        compared.add(key)
        if (a.content !== b.content && detail(a) && detail(b) && differentBits(a.look, b.look) <= MOST_DIFFERENT)
          pairs.push([a, b])
      }
  }
  return pairs
}

function detail({ look }: ImageFacts): boolean {
  const bits = look.reduce((sum, row) => sum + bitsOf(row), 0)
  return bits >= LEAST_DETAIL && bits <= 256 - LEAST_DETAIL
}

function differentBits(a: Uint16Array, b: Uint16Array): number {
  return a.reduce((sum, row, y) => sum + bitsOf(row ^ (b[y] as number)), 0)
}

function bitsOf(value: number): number {
  let rest = value
  let bits = 0
  for (; rest !== 0; rest &= rest - 1) bits++
  return bits
}
