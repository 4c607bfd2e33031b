import { keyOf, Random } from '../../compiler/random.js'
import { counted, type Listed, listed } from './listing.js'

/** The share of each class that is held out for validation if the data set has no val split, and no other one is asked for. */
export const usualShare = 0.2

/**
 * Moves a seeded share of each class from train to val. The choice depends only on the seed and the class, so adding other classes does not change
 * it. The test split is not used: no decision is based on it.
 */
export function holdOut(images: readonly Listed[], seed: number, share: number, notes: string[]): readonly Listed[] {
  const byClass = new Map<string, Listed[]>()
  for (const image of images) {
    if (image.split !== 'train') continue
    const others = byClass.get(image.className)
    if (others) others.push(image)
    else byClass.set(image.className, [image])
  }
  if (byClass.size === 0) return images
  const chosen = new Set<Listed>()
  const alone: string[] = []
  for (const [name, ofClass] of byClass) {
    if (ofClass.length < 2) {
      alone.push(name)
      continue
    }
    const count = Math.max(1, Math.round(ofClass.length * share))
    const order = new Random(keyOf(seed, 'validation', name.normalize('NFC'))).shuffle([...ofClass.keys()])
    for (const index of order.slice(0, count)) chosen.add(ofClass[index] as Listed)
  }
  notes.push(
    `no val split: ${Number((share * 100).toFixed(2))} % ${byClass.has('') ? '' : 'of each class '}held out from train (${counted(chosen.size, 'image')}, seed ${seed})`,
  )
  if (alone.length > 0) notes.push(`val has no images of ${listed(alone)}: there is only one`)
  return images.map((image) => (chosen.has(image) ? { ...image, split: 'val' } : image))
}
