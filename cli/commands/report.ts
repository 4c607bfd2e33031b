import type { Command } from 'commander'
import type { EngineName } from '../../runtime/engines/index.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example } from '../options.js'

interface ReportOptions extends CommonOptions {
  readonly out?: string
  readonly data?: string
  readonly engine?: EngineName
  readonly baseline?: string
  readonly card?: string
}

export function register(program: Command): void {
  const command = program
    .command('report [run]')
    .description(
      'write a report of a run: verdict, attention maps, crops, confusion matrix, scores by class and curves in one HTML file that opens offline',
    )
    .option('-o, --out <file>', 'the HTML file; RUN/report.html when not given')
    .option('--data <dir>', 'the images, if they are no longer where the run found them')
    .option('--baseline <run>', 'compare with this run of a plain classifier, on the same images')
    .option('--card <file>', 'write a model card in Markdown as well')
    .addOption(engineOption())
  example(common(command), 'wsban report runs/birds -o birds.html').action(
    (run: string | undefined, options: ReportOptions) =>
      act(options, async (io) => {
        const { writeReport } = await import('../actions/write_report.js')
        return writeReport(run, options, io)
      }),
  )
}
