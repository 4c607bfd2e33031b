import { type Command, InvalidArgumentError, Option } from 'commander'
import { act } from '../action.js'
import type { TrainOptions } from '../actions/train/train_options.js'
import { classOrderOption } from '../class_order_option.js'
import type { CommonOptions } from '../io.js'
import {
  common,
  engineNames,
  example,
  maxUnreadableOption,
  seedOption,
  settable,
  weightsEntryOption,
  wholeNumber,
} from '../options.js'

function trainOption(): Option {
  return new Option(
    '--train <name=value>',
    'set a line of the train block: --train accumulate=4 --train optimizer.rate=0.003',
  ).argParser((text: string, before: readonly string[] = []) => {
    if (!/^\s*[A-Za-z_]\w*(\.[A-Za-z_]\w*)?\s*=./.test(text))
      throw new InvalidArgumentError('write it as name=value, such as accumulate=4 or optimizer.rate=0.003')
    return [...before, text]
  })
}

function minutes(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('give minutes, such as 10 or 0.5; 0 for none')
  return value
}

function gibibytes(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('give gibibytes, such as 4 or 0.5; 0 for none')
  return value
}

/** `0.1`, `10%` */
function share(text: string): number {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const value = percent ? Number(digits) / 100 : Number(digits)
  if (digits === '' || value >= 1)
    throw new InvalidArgumentError('give a share below 1, such as 0.1 or 10%; 0 for none')
  return value
}

export function register(program: Command): void {
  const command = program
    .command('train [file]')
    .description("train a model on a folder of images: a .wsban file, or the name of one of wsban's")
    .option(
      '--data <dir>',
      'a folder of class folders, an unpacked benchmark, or a list of images; a resumed run remembers its own',
    )
    .option('-o, --out <run>', 'folder for the run; runs/MODEL-NUMBER, or with --resume the last run here')
    .option('--epochs <number>', "number of epochs, in place of the spec's", wholeNumber(1))
    .option('--batch <number>', "images per step, in place of the spec's", wholeNumber(1))
    .option('--weights <file>', "initial weights in place of the spec's: a file, a run, a published name, or none")
    .addOption(weightsEntryOption())
    .addOption(trainOption())
    .option('--resume', 'resume the run where it stopped')
    .option('--from <checkpoint>', 'with --resume: an earlier checkpoint, such as epoch-0002')
    .option('--keep <number>', 'checkpoints of earlier epochs to keep beside the best and the last (0)', wholeNumber(0))
    .option('--save-every <minutes>', 'minutes between checkpoints within an epoch; 0 for none (10)', minutes)
    .option('--watch', 'show the training in a browser, as wsban studio does')
    .option('--profile', 'profile the steps: time by kernel and by binding')
    .option('--workers <number>', 'threads that decode and augment images; 0 for none', wholeNumber(0))
    .option(
      '--cache-memory <gibibytes>',
      'memory for features of frozen parts, at most (a quarter of it, up to 4)',
      gibibytes,
    )
    .option('--cache-disk <gibibytes>', 'disk space for features of frozen parts, at most; 0 for none (10)', gibibytes)
    .addOption(maxUnreadableOption())
    .addOption(classOrderOption())
    .option(
      '--hold-out <share>',
      'share of each class that is held out from train if the images have no val split: 0.1 or 10%; 0 trains on all (20%)',
      share,
    )
    .addOption(seedOption())
    .addOption(
      new Option(
        '--engine <name>',
        'engine to compute on; by default the fastest installed. pytorch needs `wsban setup pytorch`',
      ).choices([...engineNames, 'pytorch']),
    )
    .addOption(
      new Option('--processes <number>', 'pytorch: processes that share each batch, one per GPU (1)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(new Option('--precision <name>', 'pytorch: mixed precision (fp32)').choices(['fp32', 'bf16', 'fp16']))
    .option('--compile', 'pytorch: compile the model with torch.compile')
    .option('--channels-last', 'pytorch: use the channels-last memory format')
    .option('--sync-batch-norm', 'pytorch: synchronise batch norm across processes')
  example(settable(common(command)), 'wsban train wsban_lite --data photos', 'wsban train --resume').action(
    (file: string | undefined, options: TrainOptions & CommonOptions & { readonly watch?: boolean }) =>
      act(options, async (io) => {
        if (options.watch) {
          const { watchTraining } = await import('../actions/studio/watch_training.js')
          return watchTraining(file, options, process.argv.slice(2), io)
        }
        const { trainSpec } = await import('../actions/train/train_spec.js')
        return trainSpec(file, options, io)
      }),
  )
}
