import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { EvaluateRequest } from '../actions/evaluate_model.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, maxUnreadableOption, settable, weightsEntryOption } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('evaluate <run-or-onnx>')
    .description('how often a model is right, class by class, whole image against crop against joint')
    .requiredOption('--data <dir>', 'the images')
    .addOption(new Option('--split <name>', 'which of them').choices(['train', 'val', 'test']).default('val'))
    .option('--weights <file>', 'other weights for a run, or weights for a spec')
    .addOption(weightsEntryOption())
    .option('--compare <run-or-onnx>', 'another model on the same images: the difference, and what chance would do')
    .addOption(maxUnreadableOption())
    .addOption(engineOption())
  example(settable(common(command)), 'wsban evaluate birds.onnx --data birds').action(
    (source: string, options: EvaluateRequest & CommonOptions) =>
      act(options, async (io) => {
        const { evaluateModel } = await import('../actions/evaluate_model.js')
        return evaluateModel(source, options, io)
      }),
  )
}
