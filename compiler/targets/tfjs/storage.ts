import { elementAt } from '../../../grammar/present.js'
import type { StorageLayout } from './lowering.js'

/** The axes of the language in the order in which they are stored. */
const storedAxes: Readonly<Record<StorageLayout, readonly number[]>> = {
  'channels first': [0, 1, 2, 3],
  'channels last': [0, 2, 3, 1],
}

/** Returns where an axis of the language is stored; without a layout the order is that of the language. */
export function storedAxis(axis: number, layout: StorageLayout | undefined): number {
  return layout === undefined ? axis : storedAxes[layout].indexOf(axis)
}

/** Returns the sizes in the order in which they are stored. */
export function storedSizes<Size>(sizes: readonly Size[], layout: StorageLayout | undefined): readonly Size[] {
  return layout === undefined ? sizes : storedAxes[layout].map((axis) => elementAt(sizes, axis))
}

/** Returns the transpose between what is stored that permutes the axes of the language. */
export function storedPermutation(
  permutation: readonly number[],
  from: StorageLayout | undefined,
  to: StorageLayout | undefined,
): readonly number[] {
  return storedSizes(permutation, to).map((axis) => storedAxis(axis, from))
}

export function isIdentity(permutation: readonly number[]): boolean {
  return permutation.every((axis, index) => axis === index)
}

/** Returns the transpose that stores a tensor of rank 4 in another order. */
export function layoutChange(to: StorageLayout): readonly number[] {
  return to === 'channels last' ? [0, 2, 3, 1] : [0, 3, 1, 2]
}
