import type { Evaluation } from '../inference/evaluate.js'
import type { PairedDifference } from '../inference/paired.js'
import type { Series } from './chart.js'

/** A run or an exported file, evaluated on the images that all compared ones share. */
export interface ComparedModel {
  /** The path as it was given. */
  readonly run: string
  readonly model: string
  /** The architectures that the parameters of its spec name; empty if none. */
  readonly backbones: readonly string[]
  readonly evaluation: Evaluation
  /** The 95 % confidence interval of top-1 (Wilson's score interval). */
  readonly interval: readonly [low: number, high: number]
  readonly parameters: number
  /** For one image. */
  readonly multiplyAdds: number
  /** The size of the exported file, or of the weights of the checkpoint in use. */
  readonly bytes: number
  /** Epochs and time of the training steps, from the log; absent for an exported file, which has none. */
  readonly epochs?: number
  readonly trainingSeconds?: number
  /** Measured time per image, including decoding. */
  readonly millisecondsPerImage: number
}

/** Two compared models on the same images; differences are first minus second. */
export interface ComparedPair extends PairedDifference {
  readonly first: string
  readonly second: string
  /** The p-value corrected for the number of pairs by Holm's method. */
  readonly correctedPValue: number
}

/** An image that only one model of a pair classifies correctly. */
export interface DecidingImage {
  /** The path below the root of the data set. */
  readonly name: string
  readonly truth: string
  /** The class that the other model predicts. */
  readonly predicted: string
  /** A small JPEG. */
  readonly thumbnail: Uint8Array
}

/** The images of a pair that the page shows. */
export interface DecidingImages {
  readonly pair: ComparedPair
  readonly onlyFirst: readonly DecidingImage[]
  readonly onlySecond: readonly DecidingImage[]
}

/** The validation accuracy of a run by epoch. */
export type Curve = Omit<Series, 'role'>

/** The contents of a comparison's page. All texts are untrusted and escaped. */
export interface ComparisonData {
  readonly models: readonly ComparedModel[]
  readonly pairs: readonly ComparedPair[]
  readonly images: readonly DecidingImages[]
  /** Top-1 on the validation split of each training, by epoch, as shares from 0 to 1. */
  readonly curves: readonly Curve[]
  /** The data set, its split, and how many images were evaluated. */
  readonly data: string
  readonly split: string
  readonly imageCount: number
  /** Warnings about the comparison. */
  readonly notes: readonly string[]
}
