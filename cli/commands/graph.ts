import { type Command, Option } from 'commander'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Direction } from '../../compiler/diagram/layout.js'
import type { Theme } from '../../compiler/diagram/svg.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example, settable } from '../options.js'

interface GraphOptions extends CommonOptions {
  readonly output?: string
  readonly theme: Theme
  readonly direction?: Direction
  readonly column?: boolean
  readonly set?: ModelSettings
}

export function register(program: Command): void {
  const command = program
    .command('graph <file>')
    .description('draw the diagram of a model, as a paper would show it')
    .option(
      '-o, --output <file>',
      'F.svg, F.pdf, F.png, F.dot or F.json; without it the DOT text goes to standard output',
    )
    .addOption(
      new Option('--theme <name>', "colours; auto follows the reader's screen in an SVG file and is light elsewhere")
        .choices(['auto', 'light', 'dark'])
        .default('auto'),
    )
    .addOption(
      new Option('--direction <name>', 'which way the arrows go; what is larger on a page by default').choices([
        'across',
        'down',
      ]),
    )
    .addOption(
      new Option(
        '--column',
        'for one column of a two-column paper (8.25 cm): narrow, with all losses in one box',
      ).conflicts('direction'),
    )
  example(settable(common(command)), 'wsban graph models/wsban.wsban -o wsban.svg').action(
    (file: string, options: GraphOptions) =>
      act(options, async (io) => {
        const { drawGraph } = await import('../actions/draw_graph.js')
        return drawGraph(file, options, io)
      }),
  )
}
