import type { FilePart } from '../images/image_file.js'
import type { BothOrders } from './class_order.js'
import type { GroundTruth } from './ground_truth.js'
import type { DataLabel, Target } from './label_inputs.js'

export type { Box } from '../images/rgb_image.js'
export type { GroundTruth } from './ground_truth.js'

/** One labelled image. */
export interface Sample {
  /** The path of the image, root included. */
  readonly path: string
  /** The byte range of the image within an archive; the path is then only a name. */
  readonly part?: FilePart
  /** An index into the data set's classes; -1 if it has none. */
  readonly label: number
  /** By label input: the class, or a number for each label or value. Absent if the class is the only target. */
  readonly targets?: Readonly<Record<string, Target>>
  /** Annotations of the object, if the data set has them. */
  readonly truth?: GroundTruth
}

export const splitNames = ['train', 'val', 'test'] as const
export type SplitName = (typeof splitNames)[number]

export interface DataSet {
  readonly root: string
  /** Class names, of the first Class input; a sample's label is an index into them. */
  readonly classes: readonly string[]
  /** The label inputs in the order of the model; absent if a single class is the only one. */
  readonly labels?: readonly DataLabel[]
  readonly splits: Readonly<Record<SplitName, readonly Sample[]>>
  /** Whether the validation split was held out from train by the seed, because the data set has none. */
  readonly holdOut?: boolean
  /**
   * Both orders of the first numbered classes that natural and plain order sort differently; absent where a model or the data set gives the order.
   */
  readonly orders?: BothOrders
  /** Notes on how the data was read and what was ignored, one line each. */
  readonly notes: readonly string[]
}
