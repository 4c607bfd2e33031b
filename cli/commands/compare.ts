import { type Command, Option } from 'commander'
import { act } from '../action.js'
import type { CompareOptions } from '../actions/compare/compare_runs.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, maxUnreadableOption } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('compare <run-or-onnx...>')
    .description('compare two or more runs or exported files on the same images: a table, paired tests, and a page')
    .option('-o, --out <file>', 'an HTML file with table, tests, curves and images; none when not given')
    .option('--data <dir>', 'folder or list of the images; those of the first run when not given')
    .addOption(
      new Option(
        '--split <name>',
        'split to evaluate; by default val, or all images of a data set that no model was trained on',
      ).choices(['train', 'val', 'test', 'all']),
    )
    .addOption(maxUnreadableOption())
    .addOption(engineOption())
  example(common(command), 'wsban compare runs/birds runs/baseline -o comparison.html').action(
    (sources: string[], options: CompareOptions & CommonOptions) =>
      act(options, async (io) => {
        const { compareRuns } = await import('../actions/compare/compare_runs.js')
        return compareRuns(sources, options, io)
      }),
  )
}
