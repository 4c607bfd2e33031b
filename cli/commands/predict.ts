import type { Command } from 'commander'
import { act } from '../action.js'
import type { PredictRequest } from '../actions/predict_images.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('predict <run-or-onnx> <image...>')
    .description('classify images and locate their discriminative parts')
    .option('--top <number>', 'number of classes to print', wholeNumber(1), 3)
    .option('--heatmaps <dir>', 'folder for copies of the images with heatmap and crop box')
    .addOption(engineOption())
  example(common(command), 'wsban predict birds.onnx photo.jpg --heatmaps seen').action(
    (source: string, images: string[], options: PredictRequest & CommonOptions) =>
      act(options, async (io) => {
        const { predictImages } = await import('../actions/predict_images.js')
        return predictImages(source, images, options, io)
      }),
  )
}
