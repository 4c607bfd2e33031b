import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { DoubtRequest } from '../actions/doubt_labels.js'
import type { InspectRequest } from '../actions/inspect_data.js'
import { classOrderOption } from '../class_order_option.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, maxUnreadableOption, seedOption } from '../options.js'

interface SampleOptions extends CommonOptions {
  readonly out: string
  readonly seed: number
  readonly size: 'small' | 'medium'
}

export function register(program: Command): void {
  const data = program
    .command('data')
    .description('inspect data sets, find doubtful labels, or create the sample data set')
  const sample = data
    .command('sample')
    .description('create the sample data set: drawn birds whose species differ only in small parts')
    .requiredOption('-o, --out <dir>', 'the folder to make')
    .addOption(new Option('--size <name>', 'how many images').choices(['small', 'medium']).default('small'))
    .addOption(seedOption())
  example(common(sample), 'wsban data sample -o birds').action((options: SampleOptions) =>
    act(options, async (io) => {
      const { writeSampleBirds } = await import('../../runtime/data/birds/index.js')
      await writeSampleBirds(options.out, { seed: options.seed, size: options.size }, io.reporter)
      io.print(`wrote ${options.out}`)
      io.json({ ok: true, path: options.out })
      return 0
    }),
  )
  const inspect = data
    .command('inspect <dir>')
    .description('report what a data set holds, its problems and how to fix them')
    .addOption(maxUnreadableOption())
    .addOption(classOrderOption())
    .addOption(seedOption())
  example(common(inspect), 'wsban data inspect birds').action(
    (place: string, options: InspectRequest & CommonOptions) =>
      act(options, async (io) => {
        const { inspectFolder } = await import('../actions/inspect_data.js')
        return inspectFolder(place, options, io)
      }),
  )
  const doubt = data
    .command('doubt <run>')
    .description('rank the labels that are probably wrong, by the predictions of a run')
    .option('--data <dir>', "folder or list of the images, in place of the run's")
    .addOption(new Option('--split <name>', 'split to look at').choices(['train', 'val', 'test', 'all']).default('val'))
    .option('-o, --out <file>', 'CSV file for the list, in place of doubt.csv in the run')
    .addOption(maxUnreadableOption())
    .addOption(engineOption())
  example(common(doubt), 'wsban data doubt runs/birds').action((run: string, options: DoubtRequest & CommonOptions) =>
    act(options, async (io) => {
      const { doubtLabels } = await import('../actions/doubt_labels.js')
      return doubtLabels(run, options, io)
    }),
  )
}
