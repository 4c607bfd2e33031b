import { elementAt } from '../../../grammar/present.js'
import type { ImageFacts } from './image_facts.js'

/**
 * The number of 256 bits in which the difference hashes of near-duplicates may differ. Of the 519,690 pairs of the 1,020 photos of Oxford Flowers 17,
 * 41 differ in at most 16 bits and are copies that were scaled, cropped or compressed again; pairs of different photos begin at 60.
 */
export const MOST_DIFFERENT = 20
/** A hash with fewer ones or zeros is of a uniform image, and does not identify it. */
const LEAST_DETAIL = 32
/** 32-bit words of a hash. */
const WORDS = 8

/** Returns groups of images whose files are identical. */
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
 * Returns pairs of near-duplicates: images that differ in size, compression or small marks. Each is compared with each: most comparisons end within
 * the first words, so that a hundred thousand images take far less time than decoding them.
 */
export function alike(seen: readonly ImageFacts[]): readonly (readonly [ImageFacts, ImageFacts])[] {
  const compared = seen.filter(hasDetail)
  const words = Array.from({ length: WORDS }, (_, word) =>
    Int32Array.from(compared, ({ look }) => (elementAt(look, 2 * word) << 16) | elementAt(look, 2 * word + 1)),
  )
  const [left, right] = [elementAt(words, 0), elementAt(words, 1)]
  const pairs: (readonly [ImageFacts, ImageFacts])[] = []
  for (let first = 0; first < compared.length; first++) {
    const [ownLeft, ownRight] = [elementAt(left, first), elementAt(right, first)]
    for (let second = first + 1; second < compared.length; second++) {
      // Of different images these two words alone differ in 32 bits on average.
      let different = bitsOf(ownLeft ^ (left[second] as number)) + bitsOf(ownRight ^ (right[second] as number))
      if (different > MOST_DIFFERENT) continue
      for (const word of words.slice(2)) different += bitsOf(elementAt(word, first) ^ elementAt(word, second))
      if (different > MOST_DIFFERENT) continue
      const [a, b] = [elementAt(compared, first), elementAt(compared, second)]
      if (a.content !== b.content) pairs.push([a, b])
    }
  }
  return pairs
}

/** Returns groups of images that are connected by pairs, in the order of their first images. */
export function groupsOf<Image>(pairs: readonly (readonly [Image, Image])[]): readonly (readonly Image[])[] {
  const groups = new Map<Image, Image[]>()
  for (const [a, b] of pairs) {
    const [ofA, ofB] = [groups.get(a) ?? [a], groups.get(b) ?? [b]]
    if (ofA === ofB) continue
    const joined = [...ofA, ...ofB]
    for (const image of joined) groups.set(image, joined)
  }
  return [...new Set(groups.values())]
}

function hasDetail({ look }: ImageFacts): boolean {
  const bits = look.reduce((sum, row) => sum + bitsOf(row), 0)
  return bits >= LEAST_DETAIL && bits <= 256 - LEAST_DETAIL
}

/** The number of ones in a 32-bit word. */
function bitsOf(value: number): number {
  const pairs = value - ((value >>> 1) & 0x55555555)
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
