import type { SplitName } from '../data/dataset.js'
import type { AnswerMetrics } from '../inference/answer_metrics.js'
import type { Evaluation } from '../inference/evaluate.js'
import type { PairedDifference } from '../inference/paired.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'

/** One epoch of a run's log. */
export interface EpochRecord {
  readonly epoch: number
  /** By name, `total` among them. */
  readonly losses: Readonly<Record<string, number>>
  /** Fractions from 0 to 1, by branch and `joint`. */
  readonly top1: Readonly<Record<string, number>>
  /** The main metric of each prediction, by `PREDICTION METRIC`, unless the model predicts a single class. */
  readonly scores?: Readonly<Record<string, number>>
}

/** One step of the log. */
export interface StepRecord {
  /** Completed epochs, as a fraction. */
  readonly epoch: number
  readonly rate: number
  readonly gradientNorm: number
}

export interface Guess {
  /** A branch's name, or `joint`. */
  readonly by: string
  readonly name: string
  readonly probability: number
}

export interface ShownImage {
  /** The path below the root of the data set, with forward slashes. */
  readonly path: string
  readonly truth: string
  readonly guesses: readonly Guess[]
  /** Small JPEGs: the image, the image with heatmap and boxes, and the crop. */
  readonly image: Uint8Array
  readonly overlay?: Uint8Array
  readonly crop?: Uint8Array
  /** Intersection over union of the crop and the annotated box. */
  readonly overlap?: number
}

/** The joint prediction compared with another branch, on the same images. */
export interface BranchDifference extends PairedDifference {
  readonly branch: string
}

/** The run against another one on the same images. */
export interface BaselineDifference extends PairedDifference {
  /** The other run, as it was named. */
  readonly name: string
  /** Top-1 of the other run. */
  readonly top1: number
}

/** A class that was predicted as another, with some of the images. */
export interface ConfusedPair {
  readonly truth: string
  readonly predicted: string
  /** Images confused, and all images of the true class. */
  readonly count: number
  readonly total: number
  readonly images: readonly { readonly path: string; readonly image: Uint8Array }[]
}

/** An image whose label may be wrong. */
export interface DoubtfulName {
  readonly name: string
  readonly label: string
  readonly suggested: string
  /** Shares from 0 to 1. */
  readonly labelProbability: number
  readonly suggestedProbability: number
}

/** The images that the run was trained and measured on. */
export interface DataSummary {
  readonly classes: readonly { readonly name: string; readonly images: Readonly<Record<SplitName, number>> }[]
  /** The numbers of images of each split, if they have no class. */
  readonly unclassified?: Readonly<Record<SplitName, number>>
  /** How the data was read, one line each. */
  readonly notes: readonly string[]
  /** Whether the validation split was held out from the training images by the seed. */
  readonly heldOut: boolean
}

export interface Cost {
  readonly parameters: number
  /** Multiply-adds per image, all passes included. */
  readonly multiplyAdds: number
  /** The size of the checkpoint's weights. */
  readonly weightBytes: number
  /** The time of the training steps, without validation; absent before the end of the first epoch. */
  readonly trainingSeconds?: number
  /** The time per image of the evaluation, decoding included; absent if the images are missing. */
  readonly millisecondsPerImage?: number
}

/** The contents of a report. Every text in it is untrusted and escaped. */
export interface ReportData {
  readonly title: string
  readonly subtitle: string
  readonly epochs: readonly EpochRecord[]
  readonly steps: readonly StepRecord[]
  /** The epoch of the checkpoint that is shown. */
  readonly best?: number
  /** The likely reason if the accuracy is near chance; see `reasonForChance`. */
  readonly reason: string
  /** How the answers are corrected, if they are. */
  readonly calibration?: AnswerCalibration
  /** Absent if the images are missing, as are `data`, `baseline`, `differences` and all images. */
  readonly evaluation?: Evaluation
  /** The metrics of each prediction, unless the model predicts a single class. */
  readonly answers?: { readonly images: number; readonly metrics: Readonly<Record<string, AnswerMetrics>> }
  readonly data?: DataSummary
  readonly differences: readonly BranchDifference[]
  readonly baseline?: BaselineDifference
  /** Spread over the classes. */
  readonly examples: readonly ShownImage[]
  /** Wrong predictions, the most confident first. */
  readonly mistakes: readonly ShownImage[]
  /** The most frequent first. */
  readonly confused: readonly ConfusedPair[]
  /** Labels that are probably wrong, the most doubtful first. */
  readonly doubtful?: {
    readonly count: number
    readonly labels: readonly DoubtfulName[]
    /** The path of the complete list, relative to the report; absent without a list. */
    readonly list?: string
  }
  readonly cost: Cost
  /** Facts of the run, by name. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** Explains missing parts. */
  readonly notes: readonly string[]
  readonly spec: string
}
