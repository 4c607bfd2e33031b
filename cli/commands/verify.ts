import type { Command } from 'commander'
import { act } from '../action.js'
import type { VerifyRequest } from '../actions/verify_onnx.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, seedOption, settable, weightsEntryOption, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('verify <onnx>')
    .description('an ONNX file against the TensorFlow.js engine: the largest difference of each output, and a verdict')
    .requiredOption('--against <run-or-file>', 'the run or spec it was exported from')
    .option('--weights <file>', 'the weights, when it was exported from a spec')
    .addOption(weightsEntryOption())
    .option('--data <dir>', 'compare on these images, too')
    .option('--images <number>', 'how many of them at most', wholeNumber(1), 40)
    .option('--deep', 'also compare every value inside, and name the first that differs')
    .addOption(seedOption())
    .addOption(engineOption())
  example(settable(common(command)), 'wsban verify birds.onnx --against runs/birds --data birds').action(
    (file: string, options: VerifyRequest & CommonOptions) =>
      act(options, async (io) => {
        const { verifyOnnx } = await import('../actions/verify_onnx.js')
        return verifyOnnx(file, options, io)
      }),
  )
}
