import { type Command, InvalidArgumentError, Option } from 'commander'
import { act } from '../action.js'
import type { TrainRequest } from '../actions/train_spec.js'
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

export function register(program: Command): void {
  const command = program
    .command('train <file>')
    .description('trains a model on a folder of images')
    .requiredOption('--data <dir>', 'a folder of class folders, a benchmark as it is unpacked, or a list of images')
    .requiredOption('-o, --out <run>', 'the folder for the run')
    .option('--epochs <number>', 'instead of what the spec says', wholeNumber(1))
    .option('--batch <number>', 'images a step, instead of what the spec says', wholeNumber(1))
    .option(
      '--weights <file>',
      'begin from these instead of what the spec names: a file, a run, a published name, or none',
    )
    .addOption(weightsEntryOption())
    .addOption(trainOption())
    .option('--resume', 'go on where the run stopped')
    .option('--from <checkpoint>', 'with --resume: an earlier checkpoint than the last, such as epoch-0002')
    .option('--keep <number>', 'ends of epochs kept beside the best and the last checkpoint (0)', wholeNumber(0))
    .option('--save-every <minutes>', 'a checkpoint within long epochs; 0 for none (10)', minutes)
    .option('--profile', 'at the end, where the time of the steps went: by kernel and by binding')
    .option('--workers <number>', 'threads that prepare images; 0 for none', wholeNumber(0))
    .addOption(maxUnreadableOption())
    .addOption(seedOption())
    .addOption(
      new Option(
        '--engine <name>',
        'what computes; the best that is there by default. pytorch: by `wsban setup pytorch`',
      ).choices([...engineNames, 'pytorch']),
    )
    .addOption(
      new Option('--processes <number>', 'pytorch: that share each batch, one a graphics card (1)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(new Option('--precision <name>', 'pytorch: mixed precision (fp32)').choices(['fp32', 'bf16', 'fp16']))
    .option('--compile', 'pytorch: by torch.compile')
    .option('--channels-last', 'pytorch: images and weights with channels last in memory')
    .option('--sync-batch-norm', 'pytorch: batch norm by the images of all processes')
  example(
    settable(common(command)),
    'wsban train models/wsban_tiny.wsban --data birds -o runs/birds --epochs 20',
  ).action((file: string, options: TrainRequest & CommonOptions) =>
    act(options, async (io) => {
      const { trainSpec } = await import('../actions/train_spec.js')
      return trainSpec(file, options, io)
    }),
  )
}
