import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { PredictOptions } from '../actions/predict/predict_images.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('predict <paths...>')
    .usage('[options] [run-or-onnx] <image-or-folder...>')
    .description(
      'classify images, or all in a folder, and locate their discriminative parts; by the last run here if none is named',
    )
    .option('--top <number>', 'number of classes to print', wholeNumber(1), 3)
    .option('--csv <file>', 'write a table of the predictions instead of printing them')
    .option('--sort-into <dir>', 'put the images into a folder for each predicted class')
    .option('--links', 'with --sort-into: links in place of copies')
    .addOption(
      new Option('--tta <name>', 'test-time augmentation: the mean over the image and its mirror image').choices([
        'flip',
      ]),
    )
    .option('--heatmaps <dir>', 'folder for copies of the images with heatmap and crop box')
    .addOption(engineOption())
  example(
    common(command),
    'wsban predict photo.jpg',
    'wsban predict birds.onnx photos --csv birds.csv --sort-into sorted',
    'wsban predict runs/birds photo.jpg --heatmaps seen',
  ).action((words: string[], options: PredictOptions & CommonOptions) =>
    act(options, async (io) => {
      const { predictImages } = await import('../actions/predict/predict_images.js')
      return predictImages(words, options, io)
    }),
  )
}
