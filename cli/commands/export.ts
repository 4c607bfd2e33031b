import { type Command, InvalidArgumentError, Option } from 'commander'
import { defaultOpset, opsets } from '../../compiler/targets/onnx/opsets.js'
import { passes } from '../../compiler/targets/onnx/passes/index.js'
import { defaultResize, resizeLowerings } from '../../compiler/targets/onnx/resize_lowering.js'
import { act } from '../action.js'
import type { ExportOptions } from '../actions/export_model.js'
import type { CommonOptions } from '../io.js'
import { common, example, seedOption, settable, weightsEntryOption, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('export [run-or-file]')
    .description('export the whole method, crop included, as one ONNX file')
    .option('-o, --out <file>', 'the ONNX file; RUN/model.onnx, or MODEL.onnx here, when not given')
    .option(
      '--weights <file>',
      'weights for a spec, of all of it or a backbone: .safetensors, .pth, .onnx or a run; spec for those that the spec names; random if omitted',
    )
    .addOption(weightsEntryOption())
    .addOption(
      new Option('--precision <name>', 'fp16 halves the size; int8 quarters it and is calibrated on --data')
        .choices(['fp32', 'fp16', 'int8'])
        .default('fp32'),
    )
    .option(
      '--data <folder>',
      'for int8: calibration uses its training images, accuracy its validation images; for --cascade: its validation images',
    )
    .addOption(
      new Option('--max-drop <share>', 'for int8: largest loss of validation top-1 accuracy that is accepted')
        .argParser(share)
        .default(0.01),
    )
    .addOption(
      new Option(
        '--cascade <points>',
        'tune the threshold of the cascade on --data: most percentage points of top-1 to lose',
      ).argParser(percentagePoints),
    )
    .addOption(
      new Option('--input <kind>', 'input of the file: decoded images of any size, or normalised tensors')
        .choices(['image', 'tensor'])
        .default('image'),
    )
    .addOption(
      new Option(
        '--resize <operator>',
        'how images are resized: products of matrices, which every runtime supports, or Resize',
      )
        .choices([...resizeLowerings])
        .default(defaultResize),
    )
    .addOption(
      new Option('--opset <number>', `ONNX opset, ${opsets[0]} to ${opsets.at(-1)}`)
        .argParser(opset)
        .default(defaultOpset),
    )
    .option(
      '--portable',
      'use only operators that most runtimes have: no Loop, If, GridSample or Resize; somewhat slower in ONNX Runtime',
    )
    .option('--batch <number>', 'fix the number of images in a batch', wholeNumber(1))
    .addOption(
      new Option(
        '--image-size <height>x<width>',
        'fix the size of the images, for runtimes without dynamic shapes',
      ).argParser(imageSize),
    )
    .addOption(new Option('--without <pass>', 'skip an optimisation pass; repeatable').argParser(passName))
    .option('--functions', 'keep blocks and operations as ONNX functions, which viewers show as one node each')
    .option('--fuse-passes', 'one copy of the network in a loop that runs twice, in place of one for each pass')
    .option(
      '--page <folder>',
      'also write a web page that runs the file: drop in an image to see box, attention and classes',
    )
    .option('--title <text>', 'for --page: its title; the name of the model when not given')
    .option(
      '--sample <photo>',
      'for --page: a photo that it offers, without its metadata; repeatable',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option('--triton <folder>', 'also write a model repository for the Triton Inference Server')
    .option('--no-check', 'do not load and run the file in ONNX Runtime before it is written')
    .addOption(seedOption())
  example(settable(common(command)), 'wsban export', 'wsban export runs/birds -o birds.onnx --page page').action(
    (source: string | undefined, options: ExportOptions & CommonOptions) =>
      act(options, async (io) => {
        const { exportModel } = await import('../actions/export_model.js')
        return exportModel(source, options, io)
      }),
  )
}

function opset(text: string): number {
  const found = opsets.find((candidate) => String(candidate) === text)
  if (found === undefined) throw new InvalidArgumentError(`it is one of ${opsets.join(', ')}`)
  return found
}

/** The largest side of an image that is read anywhere. */
const longestSide = 65535

function imageSize(text: string): { height: number; width: number } {
  const sides = /^(\d+)x(\d+)$/.exec(text)?.slice(1).map(Number)
  const [height, width] = sides ?? []
  if (height === undefined || width === undefined || !sides?.every((side) => side >= 1 && side <= longestSide))
    throw new InvalidArgumentError(`it is a height and a width, such as 480x640, of at most ${longestSide} pixels`)
  return { height, width }
}

function share(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('it is a number from 0 to 1')
  return value
}

function percentagePoints(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new InvalidArgumentError('it is a number from 0 to 100')
  return value
}

function passName(text: string, before: readonly string[] = []): readonly string[] {
  if (!passes.some(({ name }) => name === text))
    throw new InvalidArgumentError(`it is one of ${passes.map(({ name }) => name).join(', ')}`)
  return [...before, text]
}
