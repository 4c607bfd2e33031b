import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { EvaluateOptions } from '../actions/evaluate_model.js'
import { classOrderOption } from '../class_order_option.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, maxUnreadableOption, settable, weightsEntryOption } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('evaluate [run-or-onnx]')
    .description('measure accuracy: per class, and of the whole image, the crop and both together')
    .option('--data <dir>', 'folder or list of the images; those that a run was trained on when not given')
    .addOption(
      new Option(
        '--split <name>',
        'split to evaluate; by default val, or all images of a data set that the model was not trained on',
      ).choices(['train', 'val', 'test', 'all']),
    )
    .option('--weights <file>', "weights in place of the run's, or for a spec")
    .addOption(weightsEntryOption())
    .option('--unknown <dir>', 'images of none of the classes: how many are recognised as such')
    .option('--compare <run-or-onnx>', 'compare with another model on the same images, with a significance test')
    .addOption(maxUnreadableOption())
    .addOption(classOrderOption())
    .addOption(engineOption())
  example(settable(common(command)), 'wsban evaluate', 'wsban evaluate birds.onnx --data birds').action(
    (source: string | undefined, options: EvaluateOptions & CommonOptions) =>
      act(options, async (io) => {
        const { evaluateModel } = await import('../actions/evaluate_model.js')
        return evaluateModel(source, options, io)
      }),
  )
}
