import type { GeneratedFile } from '../../../compiler/targets/tfjs/emit.js'
import type { TrainingBirds } from '../birds/sample_birds.js'

export interface StepReport {
  readonly kind: 'step'
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  /** Completed steps, and the total of all epochs. */
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** Of this epoch so far. */
  readonly imagesPerSecond: number
}

export interface EpochReport {
  readonly kind: 'epoch'
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  /** The mean loss of the epoch. */
  readonly loss: number
  /** Top-1 accuracy on the validation split, from 0 to 1. */
  readonly top1: number
  /** With the evaluation. */
  readonly seconds: number
}

/** Requests to the worker that trains. */
export type TrainingRequests = {
  readonly train: {
    readonly takes: {
      /** CommonJS modules of the generated code. */
      readonly modules: readonly GeneratedFile[]
      readonly birds: TrainingBirds
      readonly seed: number
    }
    /** A safetensors file with the weights of the best epoch, or the last ones if it was stopped within the first epoch. */
    readonly answers: { readonly weights: Uint8Array<ArrayBuffer>; readonly top1: number | undefined }
    readonly tells: StepReport | EpochReport
  }
  /** Ends the training after the current step. */
  readonly stop: { readonly takes: undefined; readonly answers: undefined }
}
