import type { InferenceSession } from 'onnxruntime-node'
import { withPoolingAsConvolution } from '../../compiler/targets/onnx/passes/average_pool_as_convolution.js'
import {
  type Ranges,
  toEightBits,
  type ValueRange,
  withMeasures,
} from '../../compiler/targets/onnx/passes/eight_bits.js'
import type { OnnxNode, OnnxProgram } from '../../compiler/targets/onnx/program.js'
import type { Sample } from '../data/dataset.js'
import { decodeSample } from '../data/sample_image.js'
import { Failure } from '../failure.js'
import type { Reporter } from '../reporter.js'
import { type Feed, ProgramSession, spread } from './program_session.js'
import { timeInTurns } from './timing.js'

/** The number of calibration images, spread over the training split. */
const calibrationImages = 64

/** The criteria for accepting an int8 file. */
export interface EightBitTrial {
  readonly train: readonly Sample[]
  readonly val: readonly Sample[]
  /** The largest accepted loss of top-1 on val, as a share. */
  readonly maxDrop: number
  readonly reporter: Reporter
}

/** Properties of the nodes of a program that rounding depends on. */
export interface EightBitNodes {
  readonly mayBeInt8: (node: OnnxNode) => boolean
  /** The number of channels of the maps that a node computes; undefined if it computes none. */
  readonly channelsOf: (node: OnnxNode) => number | undefined
}

/** Top-1 on val before and after rounding, as shares. */
export interface Accuracy {
  readonly images: number
  readonly fp32: number
  readonly int8: number
  /** Images with the same answer before and after. */
  readonly sameTop1: number
}

/** Milliseconds for one image before and after quantisation: means over some images of val on this machine, alternating between both. */
export interface Speed {
  readonly fp32: number
  readonly int8: number
}

/**
 * Returns the program rounded to eight bits, its accuracy and its speed.
 *
 * @throws Failure `int8-inaccurate` when top-1 on val falls by more than `maxDrop`, `image-unreadable`
 */
export async function inEightBits(
  program: OnnxProgram,
  { mayBeInt8, channelsOf }: EightBitNodes,
  trial: EightBitTrial & Feed,
): Promise<{ program: OnnxProgram; accuracy: Accuracy; speed: Speed }> {
  const written = withPoolingAsConvolution(program, mayBeInt8, channelsOf)
  const rounded = toEightBits(written, mayBeInt8, await measure(withMeasures(written, mayBeInt8), trial))
  const accuracy = await compare(program, rounded, trial)
  if (accuracy.fp32 - accuracy.int8 > trial.maxDrop)
    throw new Failure({
      code: 'int8-inaccurate',
      message: `in int8 top-1 on ${accuracy.images} images of val falls from ${percent(accuracy.fp32)} to ${percent(accuracy.int8)}, by more than ${percent(trial.maxDrop)}: no file was written`,
      help: 'use --precision fp16, or allow more with --max-drop',
    })
  const [fp32, int8] = await timeInTurns([program, rounded], trial.val, trial, trial.reporter)
  return { program: rounded, accuracy, speed: { fp32, int8 } }
}

export const percent = (share: number) => `${(share * 100).toFixed(1)} %`

async function measure(program: OnnxProgram, trial: EightBitTrial & Feed): Promise<Ranges> {
  const ranges = new Map<string, ValueRange>()
  const model = await ProgramSession.open(program, trial)
  const samples = spread(trial.train, calibrationImages)
  try {
    for (const [index, sample] of samples.entries()) {
      const outputs = await model.run(await decodeSample(sample))
      for (const name of model.names(':min')) {
        const [min, max] = [scalar(outputs[`${name}:min`]), scalar(outputs[`${name}:max`])]
        const known = ranges.get(name) ?? { min, max }
        ranges.set(name, { min: Math.min(known.min, min), max: Math.max(known.max, max) })
      }
      trial.reporter.progress(`calibrated on ${index + 1} of ${samples.length} images`)
    }
  } finally {
    await model.close()
  }
  return ranges
}

async function compare(single: OnnxProgram, rounded: OnnxProgram, trial: EightBitTrial & Feed): Promise<Accuracy> {
  const models = [await ProgramSession.open(single, trial), await ProgramSession.open(rounded, trial)] as const
  let [fp32, int8, sameTop1] = [0, 0, 0]
  try {
    for (const [index, sample] of trial.val.entries()) {
      const { label } = sample
      const image = await decodeSample(sample)
      const [before, after] = [await models[0].topOne(image), await models[1].topOne(image)]
      fp32 += Number(before === label)
      int8 += Number(after === label)
      sameTop1 += Number(before === after)
      trial.reporter.progress(`accuracy measured on ${index + 1} of ${trial.val.length} images`)
    }
  } finally {
    await Promise.all(models.map((model) => model.close()))
  }
  const images = trial.val.length
  return { images, fp32: fp32 / images, int8: int8 / images, sameTop1 }
}

function scalar(value: InferenceSession.OnnxValueMapType[string] | undefined): number {
  const number = value?.data[0]
  if (typeof number !== 'number') throw new Error('no number was measured')
  return number
}
