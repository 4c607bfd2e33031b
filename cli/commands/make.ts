import type { Command } from 'commander'
import { act } from '../action.js'
import type { MakeOptions } from '../actions/make/make_model.js'
import { classOrderOption } from '../class_order_option.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, seedOption, settable, wholeNumber } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('make <photos>')
    .description('photos to a finished model: train, evaluate, export, verify, with a report and a web page')
    .option('-o, --out <dir>', 'folder for everything that is made; PHOTOS-wsban when not given')
    .option('--model <name>', 'a .wsban file or the name of a model, in place of the proposed one')
    .option('--epochs <number>', 'number of epochs, in place of the proposed one', wholeNumber(1))
    .option('--weights <file>', "initial weights in place of the model's: a file, a run, a published name, or none")
    .option('--yes', 'accept the proposal without asking')
    .option('--no-setup', 'do not install the native engine where it is missing')
    .addOption(classOrderOption())
    .addOption(seedOption())
    .addOption(engineOption())
  example(settable(common(command)), 'wsban make photos').action(
    (photos: string, options: MakeOptions & CommonOptions) =>
      act(options, async (io) => {
        const { makeModel } = await import('../actions/make/make_model.js')
        return makeModel(photos, options, io)
      }),
  )
}
