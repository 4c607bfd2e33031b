import type { Evaluation } from '../inference/evaluate.js'
import type { PairedDifference } from '../inference/paired.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'

/** One epoch of a run's log. */
export interface EpochRecord {
  readonly epoch: number
  /** By name, `total` among them. */
  readonly losses: Readonly<Record<string, number>>
  /** Shares from 0 to 1, by branch and `joint`. */
  readonly top1: Readonly<Record<string, number>>
}

/** One step of the log. */
export interface StepRecord {
  /** Epochs done, in fractions. */
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
  readonly name: string
  readonly truth: string
  readonly guesses: readonly Guess[]
  /** Small JPEGs: as it is, with heatmap and boxes, and the crop. */
  readonly image: Uint8Array
  readonly overlay?: Uint8Array
  readonly crop?: Uint8Array
  /** Of the crop and the true box, intersection over union. */
  readonly overlap?: number
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

/** The joint answer against another branch's, on the same images. */
export interface BranchDifference extends PairedDifference {
  readonly branch: string
}

/** All that a report shows. Every text in it is data, and is escaped. */
export interface ReportData {
  readonly title: string
  readonly subtitle: string
  readonly epochs: readonly EpochRecord[]
  readonly steps: readonly StepRecord[]
  /** The epoch of the checkpoint that is shown. */
  readonly best?: number
  /** How the answers are corrected, if they are. */
  readonly calibration?: AnswerCalibration
  /** Absent when the images are gone. */
  readonly evaluation?: Evaluation
  readonly differences: readonly BranchDifference[]
  /** Spread over the classes. */
  readonly examples: readonly ShownImage[]
  /** Wrong predictions, the most confident first. */
  readonly mistakes: readonly ShownImage[]
  /** Labels that are probably wrong, the most doubtful first; absent without evaluation. */
  readonly doubtful?: {
    readonly count: number
    readonly labels: readonly DoubtfulName[]
    /** The complete list, as a path from the report; absent if there is none. */
    readonly list?: string
  }
  /** Facts of the run, by name. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** Why something is missing. */
  readonly notes: readonly string[]
  readonly spec: string
}
