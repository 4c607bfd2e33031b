import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import type { Evaluation } from '../inference/evaluate.js'
import type { RunFolder } from '../runs/folder.js'
import { EventFile } from '../tensorboard/file.js'
import type { Moment, StepLosses, StepResult } from './learner.js'

/** About so many steps of an epoch are written down. */
const linesAnEpoch = 20

export interface EpochEnd {
  /** The epoch that ended, counted from 1. */
  readonly epoch: number
  readonly step: number
  readonly losses: StepLosses
  readonly evaluation: Evaluation
  readonly secondsPerStep: number
  readonly waitingForData: number
}

/** What training writes down as it goes: log.jsonl, and the same for TensorBoard. */
export class Journal {
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

  /** One step in some; which ones depends on the step alone, so that a resumed run writes the same. */
  async step({ step, epoch, rate }: Moment, { losses, gradientNorm }: StepResult): Promise<void> {
    const done = step + 1
    if (done % this.every !== 0) return
    await this.run.log.add({ kind: 'step', step: done, epoch, rate, gradientNorm, losses })
    await this.events.add(done, { ...under('loss', losses), rate, gradient_norm: gradientNorm })
  }

  async epoch({ epoch, step, losses, evaluation, secondsPerStep, waitingForData }: EpochEnd): Promise<void> {
    const { pictures, top1, top5, calibrationError, localisation, tellingPart } = evaluation
    const val = { pictures, top1, top5, calibrationError, localisation, tellingPart }
    const memory = process.memoryUsage.rss()
    const { numTensors: tensors } = tf.memory()
    await this.run.log.add({
      kind: 'epoch',
      epoch,
      step,
      losses,
      val,
      secondsPerStep,
      waitingForData,
      memory,
      tensors,
    })
    await this.events.add(step, {
      ...under('epoch_loss', losses),
      ...(pictures > 0 && { ...under('val_top1', top1), val_top5: top5, val_calibration_error: calibrationError }),
      ...(localisation && { val_mean_iou: localisation.meanIou, val_iou_over_half: localisation.over50 }),
      ...(tellingPart && { val_part_held: tellingPart.held }),
      seconds_per_step: secondsPerStep,
      memory_gib: memory / 2 ** 30,
    })
  }
}

/** TensorBoard groups what stands under one word. */
function under(group: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]))
}
