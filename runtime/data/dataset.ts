import type { Box } from '../images/picture.js'

export type { Box } from '../images/picture.js'

/** One labelled picture. */
export interface Sample {
  /** Where the picture is: the data set's root and the path below it. */
  readonly path: string
  /** An index into the data set's classes. */
  readonly label: number
  /** Where the object truly is, when the data set says. */
  readonly box?: Box
  /** Where the part that tells its class truly is, when the data set says. */
  readonly part?: Box
}

export const splitNames = ['train', 'val', 'test'] as const
export type SplitName = (typeof splitNames)[number]

export interface DataSet {
  readonly root: string
  /** Class names; a sample's label is an index into them. */
  readonly classes: readonly string[]
  readonly splits: Readonly<Record<SplitName, readonly Sample[]>>
  /** What was decided or left out, one line each: "no val folder: 20 % of each class set apart (seed 1)". */
  readonly notes: readonly string[]
}
