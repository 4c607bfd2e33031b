import type { Command } from 'commander'
import { act } from '../action.js'
import type { VerifyOptions } from '../actions/verify_onnx.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, seedOption, settable, weightsEntryOption, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('verify [onnx]')
    .description('compare an ONNX file with the TensorFlow.js engine: largest difference per output, and a verdict')
    .option(
      '--against <run-or-file>',
      'run or spec that the file was exported from; the folder of the file when that is a run',
    )
    .option('--weights <file>', 'weights, if it was exported from a spec with this flag')
    .addOption(weightsEntryOption())
    .option('--data <dir>', 'also compare on these images')
    .option('--images <number>', 'largest number of images to compare', wholeNumber(1), 40)
    .option('--deep', 'also compare every intermediate value, and name the first that differs')
    .addOption(seedOption())
    .addOption(engineOption())
  example(
    settable(common(command)),
    'wsban verify',
    'wsban verify birds.onnx --against runs/birds --data birds',
  ).action((file: string | undefined, options: VerifyOptions & CommonOptions) =>
    act(options, async (io) => {
      const { verifyOnnx } = await import('../actions/verify_onnx.js')
      return verifyOnnx(file, options, io)
    }),
  )
}
