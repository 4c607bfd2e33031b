import type { SplitName } from '../dataset.js'
import type { Unreadable } from './image_facts.js'

/** Images that are identical or near-duplicates. */
export interface Double {
  readonly kind: 'same' | 'alike'
  readonly images: readonly { readonly path: string; readonly split: SplitName; readonly class: string }[]
}

/** Whether all of the images are in one split and one class. */
export function isWithin({ images }: Double): boolean {
  return new Set(images.map(({ split }) => split)).size === 1 && new Set(images.map((one) => one.class)).size === 1
}

export interface ClassCount {
  readonly name: string
  readonly train: number
  readonly val: number
  readonly test: number
}

/** Width and height of the smallest, the median and the largest readable image by area. */
export interface Sizes {
  readonly smallest: readonly [width: number, height: number]
  readonly median: readonly [width: number, height: number]
  readonly largest: readonly [width: number, height: number]
}

export interface Inspection {
  readonly images: Readonly<Record<SplitName, number>>
  readonly classes: readonly ClassCount[]
  readonly sizes: Sizes | undefined
  readonly withBox: number
  readonly unreadable: readonly Unreadable[]
  /** Those across splits or classes come first. */
  readonly doubles: readonly Double[]
  readonly findings: readonly Finding[]
}

/** A problem with a data set, and what to do about it. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly help: string
}
