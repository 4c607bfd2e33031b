import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import type { Scores } from '../inference/evaluate.js'
import type { RunFolder } from '../runs/folder.js'
import type { LogRecord } from '../runs/log.js'
import { EventFile } from '../tensorboard/file.js'
import type { StepInfo, StepLosses, StepResult } from './learner.js'
import { scalarsOf, type TrainingRecord } from './metrics_records.js'

/** The approximate number of steps logged per epoch. */
const linesAnEpoch = 20

export interface EpochEnd {
  /** The epoch that ended, counted from 1. */
  readonly epoch: number
  readonly step: number
  readonly losses: StepLosses
  readonly evaluation: Scores
  readonly secondsPerStep: number
  readonly waitingForData: number
}

/** The metrics log of a training run: log.jsonl, and the same for TensorBoard. */
export class MetricsLog {
  private readonly events: EventFile
  private readonly every: number

  /** @param from steps done before */
  constructor(
    private readonly run: RunFolder,
    stepsPerEpoch: number,
    from: number,
  ) {
    this.events = new EventFile(join(run.path, 'tensorboard'), from)
    this.every = Math.max(1, Math.ceil(stepsPerEpoch / linesAnEpoch))
  }

  /** Logs some steps, chosen by step number only, so that a resumed run logs the same ones. */
  async step({ step, epoch, rate }: StepInfo, { losses, gradientNorm }: StepResult): Promise<void> {
    const done = step + 1
    if (done % this.every !== 0) return
    await this.add({ kind: 'step', step: done, epoch, rate, gradientNorm, losses })
  }

  async epoch({ epoch, step, losses, evaluation, secondsPerStep, waitingForData }: EpochEnd): Promise<void> {
    const { images, top1, top5, calibrationError, localisation, discriminativePart, answers, score } = evaluation
    const val = {
      images,
      top1,
      top5,
      calibrationError,
      localisation,
      discriminativePart,
      ...(answers && { answers }),
      ...(score && { score }),
    }
    const memory = process.memoryUsage.rss()
    const { numTensors: tensors } = tf.memory()
    await this.add({ kind: 'epoch', epoch, step, losses, val, secondsPerStep, waitingForData, memory, tensors })
  }

  private async add(record: TrainingRecord & LogRecord): Promise<void> {
    await this.run.log.add(record)
    await this.events.add(record.step, scalarsOf(record))
  }
}
