import { type SplitName, splitNames } from '../data/dataset.js'
import type { DataSummary } from './data.js'

/** Returns the number of images of each split, as `train 680, val 340`. */
export function splitsText(data: DataSummary): string {
  return splitNames
    .map((split) => [split, imagesOf(data, split)] as const)
    .filter(([, images]) => images > 0)
    .map(([split, images]) => `${split} ${images}`)
    .join(', ')
}

/** Returns the number of images of a split. */
export function imagesOf({ classes, unclassified }: DataSummary, split: SplitName): number {
  return unclassified ? unclassified[split] : classes.reduce((sum, { images }) => sum + images[split], 0)
}
