import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { EvaluateRequest } from '../actions/evaluate_model.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, maxUnreadableOption, settable, weightsEntryOption } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('evaluate <run-or-onnx>')
    .description('measure accuracy: per class, and of the whole image, the crop and both together')
    .requiredOption('--data <dir>', 'folder or list of the images')
    .addOption(new Option('--split <name>', 'split to evaluate').choices(['train', 'val', 'test']).default('val'))
    .option('--weights <file>', "weights in place of the run's, or for a spec")
    .addOption(weightsEntryOption())
    .option('--compare <run-or-onnx>', 'compare with another model on the same images, with a significance test')
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
