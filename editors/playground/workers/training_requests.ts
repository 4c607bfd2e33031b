import type { GeneratedFile } from '../../../compiler/targets/tfjs/emit.js'
import type { TrainingBirds } from '../birds/sample_birds.js'

export interface StepReport {
  readonly kind: 'step'
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  /** Steps done since the beginning, and in all epochs together. */
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
  /** The mean of the epoch. */
  readonly loss: number
  /** The share of the validation images of which the model's prediction is right. */
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
    /** A safetensors file with the weights of the best epoch, or the last ones where it was stopped before an epoch ended. */
    readonly answers: { readonly weights: Uint8Array<ArrayBuffer>; readonly top1: number | undefined }
    readonly tells: StepReport | EpochReport
  }
  /** Ends the training after its step. */
  readonly stop: { readonly takes: undefined; readonly answers: undefined }
}
